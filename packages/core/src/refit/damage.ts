import { type Activation, activate } from '../network/activation.js';
import type { Matrix } from '../numeric/matrix.js';
import type { PolicyFunction } from '../rule/policy.js';

/**
 * Takes, for each unit that straddles a kink, the side on which its shift does less damage on samples: the smaller share of what the
 * original unit does there that is no affine function of what the shifted one does (1 − ρ²), since the layer after it can be
 * fitted anew to what is. Of two equal damages the smaller shift.
 *
 * `was` and `now` `[n, units]` are the pre-activations of the original network and of the one that is shifted, the latter before the shift.
 */
export function leastDamage(activation: Activation, was: Matrix, now: Matrix): PolicyFunction {
  return ({ unit, kink, lo, hi }) => {
    const target = column(was, unit).map(h => activate(activation, h, unit));
    const { lo: start, hi: end } = activation.kinks[kink];
    const damageOf = (shift: number) =>
      unexplained(
        column(now, unit).map(h => activate(activation, h + shift, unit)),
        target,
      );
    const [up, down] = [end - lo, start - hi];
    const [above, below] = [damageOf(up), damageOf(down)];
    if (above !== below) return above < below ? 1 : -1;
    return up <= -down ? 1 : -1;
  };
}

function column({ rows, cols, data }: Matrix, j: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => data[i * cols + j]);
}

/** The sum of squares of the targets that the best affine function of x leaves. */
function unexplained(x: Float64Array, target: Float64Array): number {
  const [meanX, meanT] = [mean(x), mean(target)];
  let [xx, xt, tt] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dt] = [x[i] - meanX, target[i] - meanT];
    xx += dx * dx;
    xt += dx * dt;
    tt += dt * dt;
  }
  return xx > 0 ? Math.max(0, tt - (xt * xt) / xx) : tt;
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
