import cliProgress from 'cli-progress';

/** A bar on the terminal; where there is none, a line every now and then. */
export const progressBar = (
  format: string,
  options: Partial<cliProgress.Options> = {},
): cliProgress.SingleBar =>
  new cliProgress.SingleBar(
    { format, noTTYOutput: true, notTTYSchedule: 15_000, ...options },
    cliProgress.Presets.shades_classic,
  );
