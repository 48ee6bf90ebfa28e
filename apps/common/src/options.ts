/** The number an option asks for. Throws, naming the option, unless it is above 0. */
export function positive(option: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new Error(`${option}: expected a number above 0, got '${text}'.`);
}

/** Likewise, a whole number of at least `least`. */
export function wholeNumber(option: string, text: string, least = 1): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= least) return value;
  throw new Error(`${option}: expected a whole number of at least ${least}, got '${text}'.`);
}

/** Those that the comma-separated names choose, in their own order; all without names. Throws for an unknown name. */
export function chosen<T extends { readonly name: string }>(
  option: string,
  text: string | undefined,
  all: readonly T[],
): readonly T[] {
  if (text === undefined) return all;
  const wanted = text.split(',').map(name => name.trim());
  const known = all.map(({ name }) => name);
  const unknown = wanted.find(name => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${option}: expected of ${known.join(', ')}, got '${unknown}'.`);
  return all.filter(({ name }) => wanted.includes(name));
}
