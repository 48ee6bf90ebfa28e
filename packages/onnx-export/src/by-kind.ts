/** One entry for every kind of a union: without one of them it does not compile. */
export type ByKind<Union extends { readonly kind: string }, Rest extends readonly unknown[], Result> = {
  readonly [K in Union['kind']]: (of: Extract<Union, { readonly kind: K }>, ...rest: Rest) => Result;
};

/** What the table's entry for its kind makes of it. */
export function byKind<Union extends { readonly kind: string }, Rest extends readonly unknown[], Result>(
  table: ByKind<Union, Rest, Result>,
  of: Union,
  ...rest: Rest
): Result {
  // TypeScript does not see that the entry is for this very kind.
  return (table[of.kind as Union['kind']] as (of: Union, ...rest: Rest) => Result)(of, ...rest);
}
