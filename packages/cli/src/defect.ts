import type { Terminal } from './terminal.js';

/** What is no PoliceError is a defect of ours: where it happened is for a report of it, not for everybody. */
export function defectSentence(error: unknown): string {
  const isShown = process.env.POLICE_STACK === '1' && error instanceof Error;
  const what = isShown ? error.stack : String(error).split('\n')[0];
  const remedy = isShown ? '' : ' Please report it, with what POLICE_STACK=1 shows.';
  return `a defect: ${what}.${remedy}`;
}

export function sayDefect(error: unknown, { stderr }: Pick<Terminal, 'stderr'>): void {
  stderr.write(`police: ${defectSentence(error)}\n`);
}
