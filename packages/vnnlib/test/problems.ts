import { VnnLibError } from '@police/vnnlib';

/** Code, line, column and what was found of each problem that a function throws, in their order. */
export function problemsOf(run: () => unknown): unknown[] {
  try {
    run();
  } catch (error) {
    if (!(error instanceof VnnLibError)) throw error;
    return error.problems.map(({ code, line, column, actual }) => [code, line, column, actual]);
  }
  return [];
}
