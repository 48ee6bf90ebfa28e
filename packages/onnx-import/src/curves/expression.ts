/**
 * P(x) · (add + times · F(x)) of one tensor x, entry by entry: a polynomial by ascending powers, and one function at the most. Products of x with
 * a function of x, as exporters write SiLU or GELU, are such, whatever the order of their factors.
 */
export interface Expression {
  readonly poly: readonly number[];
  readonly add: number;
  readonly times: number;
  readonly atom?: Atom;
}

export type Atom =
  | { readonly name: 'sigmoid' | 'tanh' | 'erf' | 'softplus'; readonly of: Expression }
  | { readonly name: 'clip'; readonly of: Expression; readonly lo: number; readonly hi: number };

/** The highest power that is followed: GELU's tanh form has a cube. */
const HIGHEST = 3;

export const polynomial = (poly: readonly number[]): Expression => ({ poly, add: 1, times: 0 });
export const IDENTITY: Expression = polynomial([0, 1]);
export const applied = (atom: Atom): Expression => ({ poly: [1], add: 0, times: 1, atom });

/** Undefined for what is no such expression. */
export function product(a: Expression, b: Expression): Expression | undefined {
  if (a.atom && b.atom) return undefined;
  const poly = new Array<number>(a.poly.length + b.poly.length - 1).fill(0);
  a.poly.forEach((p, i) => {
    b.poly.forEach((q, j) => {
      poly[i + j] += p * q;
    });
  });
  if (poly.length > HIGHEST + 1) return undefined;
  const { add, times, atom } = a.atom ? a : b;
  return { poly, add, times, ...(atom ? { atom } : {}) };
}

export function sum(a: Expression, b: Expression): Expression | undefined {
  if (a.atom && b.atom) return undefined;
  const [plain, other] = a.atom ? [b, a] : [a, b];
  if (!other.atom) {
    const length = Math.max(plain.poly.length, other.poly.length);
    return polynomial(Array.from({ length }, (_, i) => (plain.poly[i] ?? 0) + (other.poly[i] ?? 0)));
  }
  const ratio = ratioOf(plain.poly, other.poly);
  return ratio === undefined ? undefined : { ...other, add: other.add + ratio };
}

export const scaled = (a: Expression, factor: number): Expression => ({
  ...a,
  poly: a.poly.map(p => p * factor),
});

export function power(a: Expression, exponent: number): Expression | undefined {
  if (exponent !== 2 && exponent !== 3) return undefined;
  const square = product(a, a);
  return exponent === 2 || !square ? square : product(square, a);
}

/** k where p = k · q, exactly. */
function ratioOf(p: readonly number[], q: readonly number[]): number | undefined {
  const lead = q.findIndex(value => value !== 0);
  if (lead < 0) return undefined;
  const ratio = (p[lead] ?? 0) / q[lead];
  const length = Math.max(p.length, q.length);
  const isMultiple = Array.from({ length }, (_, i) => (p[i] ?? 0) === ratio * (q[i] ?? 0)).every(Boolean);
  return isMultiple ? ratio : undefined;
}
