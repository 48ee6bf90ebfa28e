import { changeRegions, message, ownModel, picture, settings } from '../state/store.js';
import type { View } from '../training/messages.js';
import { Controls } from './controls.js';
import { percent, short } from './figures.js';
import { FreezePanel } from './freeze-panel.js';
import { LossChart } from './loss-chart.js';
import { OwnModel } from './own-model.js';
import { Plane } from './plane.js';
import { Transport } from './transport.js';

export function App() {
  return (
    <>
      <header>
        <h1>POLICE playground</h1>
        <p>
          Both networks start alike and see the same data. The left one is exactly affine inside the regions,
          at every step. Drag a vertex.
        </p>
      </header>
      {message.value && (
        <div class="message" role="alert">
          <span>{message.value}</span>
          <button
            type="button"
            aria-label="Dismiss"
            onClick={() => {
              message.value = undefined;
            }}
          >
            ×
          </button>
        </div>
      )}
      <main>
        <div class="stage">
          {ownModel.value ? <OwnPlanes /> : <TrainingPlanes />}
          {!ownModel.value && <FreezePanel />}
          <OwnModel />
        </div>
        <Controls />
      </main>
    </>
  );
}

function TrainingPlanes() {
  const now = picture.value;
  const { regions } = settings.value;
  return (
    <>
      <div class="planes">
        <Plane
          title="With POLICE"
          network="police"
          caption={now ? figures(now.police) : 'starting …'}
          view={now?.police}
          regions={regions}
          onChange={changeRegions}
        />
        <Plane
          title="Without"
          network="free"
          caption={now ? figures(now.free) : 'starting …'}
          view={now?.free}
          regions={regions}
        />
      </div>
      <Transport />
      <dl class="figures">
        <div>
          <dt>units shifted</dt>
          <dd>{now ? `${now.unitsShifted} of ${now.units}` : '–'}</dd>
        </div>
        <div>
          <dt>affine residual</dt>
          <dd class="residual" data-residual={now?.police.residual} data-free={now?.free.residual}>
            {now ? short(now.police.residual) : '–'}
          </dd>
        </div>
        <div>
          <dt>share of time</dt>
          <dd>{now && now.steps > 0 ? percent(now.share) : '–'}</dd>
        </div>
        <div>
          <dt>steps a second</dt>
          <dd>{now && now.stepsPerSecond > 0 ? Math.round(now.stepsPerSecond) : '–'}</dd>
        </div>
      </dl>
      <LossChart />
    </>
  );
}

function OwnPlanes() {
  const { before, after, unitsShifted, units } = ownModel.value!;
  const { regions } = settings.value;
  return (
    <>
      <div class="planes">
        <Plane
          title="After"
          caption={figures(after)}
          view={after}
          regions={regions}
          onChange={changeRegions}
        />
        <Plane title="Your model" caption={figures(before)} view={before} regions={regions} />
      </div>
      <p class="own-figures">
        {unitsShifted} of {units} units shifted.
      </p>
    </>
  );
}

const figures = ({ loss, residual }: View): string =>
  `${loss === undefined ? '' : `loss ${short(loss)}, `}bends by ${short(residual)} inside`;
