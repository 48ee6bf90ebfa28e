import {
  ACTIVATIONS,
  BACKENDS,
  DEPTHS,
  POLICIES,
  RATES,
  squareAt,
  TARGETS,
  WIDTHS,
} from '../state/settings.js';
import { change, changeRegions, settings } from '../state/store.js';
import { isSeed } from '../state/url.js';
import { Choice } from './choice.js';

/** What is learnt, where the network must be affine, and what network. */
export function Controls() {
  const { target, regions, activation, width, depth, policy, rate, backend, seed } = settings.value;
  const places = [
    [-2.4, 2.4],
    [2.4, 2.4],
    [2.4, -2.4],
    [-2.4, -2.4],
  ] as const;
  const place = places[regions.length % places.length];
  return (
    <section class="controls" aria-label="Settings">
      <fieldset>
        <legend>Task</legend>
        <Choice label="Target" value={target} options={TARGETS} onChange={target => change({ target })} />
        <label class="choice">
          <span>Seed</span>
          <input
            type="number"
            min={0}
            step={1}
            value={seed}
            onChange={event => {
              const next = event.currentTarget.valueAsNumber;
              if (isSeed(next)) change({ seed: next });
            }}
          />
        </label>
      </fieldset>
      <fieldset>
        <legend>Regions</legend>
        <div class="buttons">
          <button type="button" onClick={() => changeRegions([...regions, squareAt(place)])}>
            Add polygon
          </button>
          <button
            type="button"
            onClick={() => changeRegions([...regions, { kind: 'disc', centre: place, radius: 1 }])}
          >
            Add disc
          </button>
          <button
            type="button"
            disabled={regions.length === 0}
            onClick={() => changeRegions(regions.slice(0, -1))}
          >
            Remove last
          </button>
        </div>
      </fieldset>
      <fieldset>
        <legend>Network</legend>
        <Choice
          label="Activation"
          value={activation}
          options={ACTIVATIONS}
          names={{ leakyRelu: 'leaky ReLU', relu: 'ReLU', elu: 'ELU', abs: '|x|' }}
          onChange={activation => change({ activation })}
        />
        <Choice label="Width" value={width} options={WIDTHS} onChange={width => change({ width })} />
        <Choice label="Depth" value={depth} options={DEPTHS} onChange={depth => change({ depth })} />
        <Choice
          label="Policy"
          value={policy}
          options={POLICIES}
          names={{ majority: 'majority (the paper’s)' }}
          onChange={policy => change({ policy })}
        />
        <Choice label="Learning rate" value={rate} options={RATES} onChange={rate => change({ rate })} />
        <Choice
          label="Backend"
          value={backend}
          options={BACKENDS}
          onChange={backend => change({ backend })}
        />
      </fieldset>
    </section>
  );
}
