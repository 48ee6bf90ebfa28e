import { predict, tools } from './after-training.js';
import type { BenchCase } from './case.js';
import { convolutions, regionKinds } from './regions.js';
import { scaling } from './scaling.js';
import { authorsReadme, table1 } from './table1.js';

/** Everything that can be measured, in the order of the report. */
export const cases: readonly BenchCase[] = [
  ...table1,
  ...authorsReadme,
  ...scaling,
  ...regionKinds,
  ...convolutions,
  ...predict,
  ...tools,
];
