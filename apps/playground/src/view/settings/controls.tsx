import {
  ACTIVATIONS,
  BACKENDS,
  DEPTHS,
  GRADIENTS,
  MODES,
  POLICIES,
  RATES,
  squareAt,
  WIDTHS,
} from '../../state/settings.js';
import { change, changeRegions, settings } from '../../state/store.js';
import { Choice } from './choice.js';
import { TaskSettings } from './task-settings.js';

/** What is learnt, where the network must be affine, and what network. */
export function Controls() {
  return (
    <section class="controls" aria-label="Settings">
      <TaskSettings />
      <RegionSettings />
      <NetworkSettings />
      <ConstraintSettings />
    </section>
  );
}

const PLACES = [
  [-2.4, 2.4],
  [2.4, 2.4],
  [2.4, -2.4],
  [-2.4, -2.4],
] as const;

function RegionSettings() {
  const { regions } = settings.value;
  const place = PLACES[regions.length % PLACES.length];
  return (
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
  );
}

function NetworkSettings() {
  const { activation, width, depth, rate, backend } = settings.value;
  return (
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
      <Choice label="Learning rate" value={rate} options={RATES} onChange={rate => change({ rate })} />
      <Choice label="Backend" value={backend} options={BACKENDS} onChange={backend => change({ backend })} />
    </fieldset>
  );
}

function ConstraintSettings() {
  const { policy, mode, gradient, method } = settings.value;
  const isPatched = method === 'patch';
  return (
    <fieldset>
      <legend>Shifts</legend>
      <Choice
        label="Policy"
        value={policy}
        disabled={isPatched}
        options={POLICIES}
        names={{ majority: 'majority (the paper’s)' }}
        onChange={policy => change({ policy })}
      />
      <Choice
        label="Mode"
        value={mode}
        options={MODES}
        disabled={isPatched}
        onChange={mode => change({ mode })}
      />
      <Choice
        label="Gradient"
        value={gradient}
        options={GRADIENTS}
        disabled={isPatched || mode === 'project'}
        onChange={gradient => change({ gradient })}
      />
    </fieldset>
  );
}
