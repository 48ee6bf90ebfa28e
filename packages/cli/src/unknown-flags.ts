import type { Command } from 'commander';

/**
 * The first flag that a command does not know, so that a misspelt one is named even where another is missing, which commander would
 * complain of instead.
 */
export function unknownFlag(command: Command, args: readonly string[]): string | undefined {
  const flags = new Map(
    command.options.flatMap(option => [option.short, option.long].map(flag => [flag, option] as const)),
  );
  for (let i = 0; i < args.length && args[i] !== '--'; i++) {
    const [flag] = args[i].split('=');
    if (!/^--?[a-z]/i.test(flag) || flag === '-h' || flag === '--help') continue;
    // One letter may have its value right behind it: -ofile.
    const option = flags.get(flag) ?? (flag.startsWith('--') ? undefined : flags.get(flag.slice(0, 2)));
    if (!option) return flag;
    if (option.required && args[i] === flag) i++;
  }
  return undefined;
}

/** The flag that was probably meant. */
export function suggestion(command: Command, flag: string): string | undefined {
  const flags = command.options.flatMap(({ long }) => (long ? [long] : [])).concat('--help');
  const [best] = flags
    .map(known => ({ known, distance: editDistance(flag, known) }))
    .sort((a, b) => a.distance - b.distance);
  // A third of a word's letters may be wrong.
  return best.distance <= Math.max(1, Math.floor(best.known.length / 3)) ? best.known : undefined;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
export function editDistance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1];
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row.push(
        Math.min(
          rows[i - 1][j] + 1,
          row[j - 1] + 1,
          rows[i - 1][j - 1] + (isSame ? 0 : 1),
          isSwap ? rows[i - 2][j - 2] + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    rows.push(row);
  }
  return rows[from.length][to.length];
}
