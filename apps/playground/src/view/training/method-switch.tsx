import { METHODS, type Method, STEEPNESSES } from '../../state/settings.js';
import { changeMethod, settings } from '../../state/store.js';

const TITLES: Readonly<Record<Method, string>> = {
  shift: 'biases move until no unit changes sign inside',
  patch: 'the output is held between two cones around an affine map',
};

/** How the promise is kept; the networks stay as they are. */
export function MethodSwitch() {
  const { method, steepness } = settings.value;
  return (
    <div class="method">
      <div class="switch" role="radiogroup" aria-label="Method">
        {METHODS.map(option => (
          <label key={option} title={TITLES[option]}>
            <input
              type="radio"
              name="method"
              checked={option === method}
              onChange={() => changeMethod({ method: option })}
            />
            <span>{option}</span>
          </label>
        ))}
      </div>
      {method === 'patch' ? (
        <label class="steepness">
          steepness
          <input
            type="range"
            min={0}
            max={STEEPNESSES.length - 1}
            step={1}
            value={STEEPNESSES.indexOf(steepness as 1)}
            aria-valuetext={`${steepness} per radius`}
            onInput={event => changeMethod({ steepness: STEEPNESSES[event.currentTarget.valueAsNumber] })}
          />
          <output>{steepness}</output>
        </label>
      ) : (
        <span class="hint">{TITLES.shift}</span>
      )}
    </div>
  );
}
