/** numerator / denominator, the denominator positive. */
export interface Q {
  readonly n: bigint;
  readonly d: bigint;
}

export const q = (n: bigint, d = 1n): Q => {
  let [a, b] = [n < 0n ? -n : n, d < 0n ? -d : d];
  while (b > 0n) [a, b] = [b, a % b];
  const by = d < 0n ? -a : a;
  return { n: n / by, d: d / by };
};

export const zero = q(0n);
export const one = q(1n);
export const plus = (a: Q, b: Q): Q => q(a.n * b.d + b.n * a.d, a.d * b.d);
export const times = (a: Q, b: Q): Q => q(a.n * b.n, a.d * b.d);
export const over = (a: Q, b: Q): Q => q(a.n * b.d, a.d * b.n);
export const minus = (a: Q): Q => ({ n: -a.n, d: a.d });
export const isBelow = (a: Q, b: Q): boolean => a.n * b.d < b.n * a.d;
