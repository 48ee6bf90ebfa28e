import { picture, settings } from '../../state/store.js';
import { percent, short } from '../figures.js';

/** What the promise takes and costs now. */
export function FiguresList() {
  const now = picture.value;
  const isPatched = settings.value.method === 'patch';
  return (
    <dl class="figures">
      <div>
        <dt>{isPatched ? 'held by the patch' : 'units shifted'}</dt>
        <dd>
          {!now ? '–' : now.shifted ? `${now.shifted.units} of ${now.shifted.of}` : percent(now.police.held)}
        </dd>
      </div>
      <div>
        <dt>affine residual</dt>
        <dd class="residual" data-residual={now?.police.residual} data-free={now?.free.residual}>
          {now ? short(now.police.residual) : '–'}
        </dd>
      </div>
      <div>
        <dt>cost of a step</dt>
        <dd>{now && now.cost > 0 ? `${now.cost.toFixed(2)} ×` : '–'}</dd>
      </div>
      <div>
        <dt>steps a second</dt>
        <dd>{now && now.stepsPerSecond > 0 ? Math.round(now.stepsPerSecond) : '–'}</dd>
      </div>
    </dl>
  );
}
