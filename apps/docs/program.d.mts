/** Blocks of a language on a page of docs/, in order. */
export function blocksOf(page: string, language: string): Promise<string[]>;

/** Runs a page's program, and gives the values that it has under these names at its end. */
// biome-ignore lint/suspicious/noExplicitAny: values of any page.
export function runPage(page: string, names: readonly string[]): Promise<Record<string, any>>;
