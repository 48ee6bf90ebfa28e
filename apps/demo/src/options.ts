import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { positive, wholeNumber } from '@police/common/options';

const HELP = `npm run demo -- [options]

Trains a classifier of real handwritten digits twice with the same seed, unconstrained and constrained to be affine
on two regions: a box around one test image with all 784 pixels free, and the convex hull of images of one digit. Then
freezes it, exports it to ONNX, runs it in ONNX Runtime, and sets what is promised beside what is measured.

  --epochs N     training epochs                                  (default 6)
  --radius R     half the side of the box, pixels being 0 … 1     (default 0.03)
  --hull N       images in the convex hull                        (default 24)
  --seed N       fixes data split, batches and initial weights    (default 1)
  --out DIR      where the files go                               (default out/demo)
  --help
`;

export interface DemoOptions {
  readonly epochs: number;
  readonly radius: number;
  readonly hull: number;
  readonly seed: number;
  readonly out: string;
}

/** The options, or undefined after printing the help. Throws on a value that cannot be. */
export function readOptions(): DemoOptions | undefined {
  const { values } = parseArgs({
    options: {
      epochs: { type: 'string', default: '6' },
      radius: { type: 'string', default: '0.03' },
      hull: { type: 'string', default: '24' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string', default: join('out', 'demo') },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return undefined;
  }
  return {
    epochs: wholeNumber('--epochs', values.epochs),
    radius: positive('--radius', values.radius),
    hull: wholeNumber('--hull', values.hull),
    seed: wholeNumber('--seed', values.seed),
    out: values.out,
  };
}
