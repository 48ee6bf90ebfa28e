import { symmetricScale } from '../../draw/scale.js';
import { changeRegions, picture, settings } from '../../state/store.js';
import type { View } from '../../training/messages.js';
import { short } from '../figures.js';
import { Legend } from '../plane/legend.js';
import { Plane } from '../plane/plane.js';
import { FiguresList } from './figures-list.js';
import { FreezePanel } from './freeze-panel.js';
import { LossChart } from './loss-chart.js';
import { MethodSwitch } from './method-switch.js';
import { Transport } from './transport.js';

const UNKNOWN = { lo: -1, hi: 1 };

/** Both networks, what drives them, and what is known of them. */
export function TrainingStage() {
  const now = picture.value;
  const { regions, method } = settings.value;
  const scale = now ? symmetricScale(now.police.values, now.free.values) : UNKNOWN;
  return (
    <>
      <p class="lesson">
        <b>Affine</b>: y = a·x₁ + b·x₂ + c inside the outline, so contours there are straight, parallel,
        evenly spaced. Compare the two.
      </p>
      <div class="planes">
        <Plane
          title={method === 'patch' ? 'With a patch' : 'With POLICE'}
          network="police"
          caption={now ? caption(now.police) : 'starting …'}
          view={now?.police}
          scale={scale}
          regions={regions}
          onChange={changeRegions}
        />
        <Plane
          title="Without"
          network="free"
          caption={now ? caption(now.free) : 'starting …'}
          view={now?.free}
          scale={scale}
          regions={regions}
        />
        <Legend {...scale} />
      </div>
      <div class="drive">
        <Transport />
        <MethodSwitch />
        <FreezePanel />
      </div>
      <FiguresList />
      <LossChart />
    </>
  );
}

const caption = ({ loss, residual }: View): string =>
  `loss ${short(loss)}, bends by ${short(residual)} inside`;
