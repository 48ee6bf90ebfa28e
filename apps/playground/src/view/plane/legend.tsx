import { GRADIENT } from '../../draw/heat-map.js';
import type { Scale } from '../../draw/scale.js';
import { short } from '../figures.js';

/** What the colours stand for. */
export function Legend({ lo, hi }: Scale) {
  return (
    <div class="scale" style={{ background: GRADIENT }}>
      <span>{short(lo)}</span>
      <span>{short((lo + hi) / 2)}</span>
      <span>{short(hi)}</span>
    </div>
  );
}
