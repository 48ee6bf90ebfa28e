import { fittedScale } from '../../draw/scale.js';
import type { Attempt, Comparison } from '../../own/messages.js';
import { comparison, isComparing, leaveOwn, own } from '../../state/own.js';
import { changeRegions, settings } from '../../state/store.js';
import { short } from '../figures.js';
import { Legend } from '../plane/legend.js';
import { Plane } from '../plane/plane.js';
import { KeptColumn } from './kept-column.js';
import { OwnDrop } from './own-drop.js';
import { SliceSettings } from './slice-settings.js';

/** Someone's model before, and after in both ways. */
export function OwnStage() {
  const { name, inputs, outputs, unread } = own.value!;
  const found = comparison.value;
  const { regions } = settings.value;
  const scale = found ? fittedScale(...valuesIn(found)) : { lo: -1, hi: 1 };
  return (
    <section class="own-stage" aria-label="Your own model" aria-busy={isComparing.value}>
      <div class="own-head">
        <h2>{name}</h2>
        <p>
          {inputs} inputs, {outputs} {outputs === 1 ? 'output' : 'outputs'}
          {unread && ', run by ONNX Runtime, as it cannot be read'}
        </p>
        <button type="button" onClick={leaveOwn}>
          Back to training
        </button>
      </div>
      <SliceSettings />
      <div class="own-planes">
        <div>
          <Plane
            title="Your model"
            caption={found ? `bends by ${short(found.before.residual)} inside` : 'computing …'}
            view={found?.before}
            scale={scale}
            regions={regions}
            onChange={changeRegions}
          />
          <Legend {...scale} />
          <p class="hint">
            Drag the outline: the model becomes affine on it, in these two coordinates with the others where
            they are.
          </p>
        </div>
        <KeptColumn
          title="By shifts"
          file="shifted"
          attempt={found?.shift}
          scale={scale}
          decides={outputs > 1}
        />
        <KeptColumn
          title="By a patch"
          file="patched"
          attempt={found?.patch}
          scale={scale}
          decides={outputs > 1}
        />
      </div>
      <OwnDrop />
    </section>
  );
}

const valuesIn = ({ before, shift, patch }: Comparison): Float32Array[] => [
  before.values,
  ...[shift, patch].flatMap((attempt: Attempt) => ('values' in attempt ? [attempt.values] : [])),
];
