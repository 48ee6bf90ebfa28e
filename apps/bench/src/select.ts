/** The entries whose name one of the comma-separated patterns matches. Throws, naming the option, if a pattern matches none. */
export function select<T extends { readonly name: string }>(
  option: string,
  patterns: string | undefined,
  all: readonly T[],
): readonly T[] {
  if (patterns === undefined) return all;
  const tests = patterns.split(',').map(pattern => {
    const test = matcher(pattern);
    if (!all.some(({ name }) => test(name)))
      throw new Error(`${option}: nothing is called '${pattern}'; --list shows what there is`);
    return test;
  });
  return all.filter(({ name }) => tests.some(test => test(name)));
}

/** `*` stands for anything. A pattern without one is the whole name, or what comes before a `/` of it. */
function matcher(pattern: string): (name: string) => boolean {
  if (!pattern.includes('*')) {
    const prefix = pattern.endsWith('/') ? pattern : `${pattern}/`;
    return name => name === pattern || name.startsWith(prefix);
  }
  const parts = pattern.split('*').map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`);
  return name => expression.test(name);
}
