import { type BenchCase, dense } from './case.js';

type Varied = Partial<Pick<BenchCase, 'model' | 'region' | 'batch'>>;

/** What all have in common unless they vary it. */
const BASE = { model: dense(2, 3, 128), region: { kind: 'polygon', vertices: 3 }, batch: 256 } as const;

/** One case for each value of x; those in `quick` also run under `--quick`. */
function curve(
  group: string,
  values: readonly number[],
  quick: readonly number[],
  varied: (x: number) => Varied,
): BenchCase[] {
  return values.map(x => ({
    ...BASE,
    ...varied(x),
    name: `${group}/${x}`,
    task: 'train',
    seed: 1,
    quick: quick.includes(x) ? 'node' : 'no',
    x,
  }));
}

/** One quantity varied at a time. */
export const scaling: readonly BenchCase[] = [
  ...curve('vertices', [3, 10, 100, 1_000, 10_000], [3, 1_000], vertices => ({
    model: dense(2, 4, 64),
    region: { kind: 'polygon', vertices },
    batch: 1024,
  })),
  ...curve('dimension', [2, 16, 128, 784, 3072], [16], size => ({
    model: dense(size, 3, 256),
    region: { kind: 'box', radius: 0.05 },
  })),
  ...curve('width', [64, 256, 1024, 2048], [256], width => ({ model: dense(2, 4, width) })),
  ...curve('depth', [2, 4, 8, 16], [], depth => ({ model: dense(2, depth, 128) })),
  ...curve('batch', [16, 64, 256, 1024, 4096], [], batch => ({ batch })),
];
