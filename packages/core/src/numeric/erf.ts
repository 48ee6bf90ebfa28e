/** Where the series' terms start to cancel less than the fraction converges fast. */
const SERIES_LIMIT = 2;

/**
 * Complementary error function, to a few units in the last place: Taylor series of erf, all terms of one sign (DLMF
 * 7.6.2), up to 2; continued fraction of erfc beyond (DLMF 7.9.1, modified Lentz).
 */
export function erfc(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x < 0) return 2 - erfc(-x);
  return x < SERIES_LIMIT ? 1 - erfSeries(x) : erfcFraction(x);
}

function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Number.EPSILON * sum * 2 ** -4; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** e^{−x²} / √π · 1 / (x + (1/2) / (x + 1 / (x + (3/2) / (x + …)))). */
function erfcFraction(x: number): number {
  let fraction = x;
  let c = x;
  let d = 0;
  for (let k = 1; k < 500; k++) {
    const a = k / 2;
    d = 1 / (x + a * d);
    c = x + a / c;
    const change = c * d;
    fraction *= change;
    if (Math.abs(change - 1) < Number.EPSILON) break;
  }
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}
