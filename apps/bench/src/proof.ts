import { parseArgs } from 'node:util';
import { wholeNumber } from '@police/common/options';
import { machineName, runProgram } from '@police/common/program';
import { median } from '@police/common/statistics';
import {
  boxAround,
  type Certified,
  certify,
  enforce,
  freeze,
  leakyRelu,
  type Network,
  type Region,
  type Uncertified,
  vPolytope,
} from '@police/core';
import { sumErrorBound } from '@police/core/adapter';
import { peakMultiplyAdds, useFastProducts } from '@police/core/fast';
import { randomNetwork } from './backends/core-net.js';
import { polygonVertices } from './cases/region.js';
import { float64Products, productMacs } from './float64-products.js';
import { residualNetwork } from './residual-network.js';

const HELP = `npm run bench:proof -- [options]

Products of float64 by the libraries that have them; then time and memory of enforcing, freezing and certifying in core
(float64), with the multiply-adds counted, medians of some rounds beside the first, which a command of its own pays (code is compiled, memory is new):
a network on a box in many dimensions, a residual convolutional network on a box around an image, whose frame is carried
in blocks, and the frame's cost against the number of a polygon's vertices.

  --size D        input dimensions of the box                      (default 3072)
  --width W       two hidden layers of width W                     (default 1024)
  --channels C    of the convolutional network                     (default 16)
  --memory MIB    that the convolutional network's frame may take  (default 1024)
  --threads N       that multiply                                  (default 1)
  --rounds N      of everything                                    (default 5)
  --plain           products in plain JavaScript, without the kernels of @police/core/fast
  --help
`;

/** Multiply-adds of carrying a frame through the dense layers; axis directions meet one weight each in the first. */
function multiplyAdds(widths: readonly number[], { frame, diagonal }: Region): number {
  return widths.slice(1).reduce((sum, width, i) => {
    const perRow = i === 0 && diagonal ? width * 2 : width * widths[i];
    return sum + frame.rows * perRow;
  }, 0);
}

/** Seconds of processor time: others may be at work on the machine. */
function processorTime<T>(run: () => T): { result: T; seconds: number; elapsed: number } {
  const [start, began] = [process.cpuUsage(), performance.now()];
  const result = run();
  const { user, system } = process.cpuUsage(start);
  return { result, seconds: (user + system) / 1e6, elapsed: (performance.now() - began) / 1e3 };
}

/** What rates are held against: float64 multiply-adds of WebAssembly's SIMD in registers, with nothing to load. */
function peakRate(): number {
  const rates = Array.from({ length: 7 }, () => {
    const { result, seconds } = processorTime(() => peakMultiplyAdds(1e7));
    return result / seconds;
  });
  return Math.max(...rates);
}

/** Runs something of so many multiply-adds for some rounds, and tells what it took. */
type Measure = <T>(what: string, macs: number, run: () => T) => T;

const measureBy =
  (peak: number, rounds: number): Measure =>
  (what, macs, run) => {
    const first = processorTime(run);
    const times = [first, ...Array.from({ length: rounds - 1 }, () => processorTime(run))];
    const seconds = median(times.map(each => each.seconds));
    const elapsed = median(times.map(each => each.elapsed));
    const rate =
      macs > 0
        ? `${(macs / 1e9).toFixed(2)} G multiply-adds, ${(macs / 1e9 / seconds).toFixed(2)} G/s, ` +
          `${((100 * macs) / seconds / peak).toFixed(0)}% of peak`
        : '';
    const memory = `${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB resident`;
    print(
      `${what.padEnd(23)} ${seconds.toFixed(3).padStart(8)} s (first ${first.seconds.toFixed(3)})  ` +
        `${elapsed.toFixed(3).padStart(8)} s elapsed  ${memory.padEnd(18)} ${rate}`,
    );
    return first.result;
  };

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Enforces, freezes and certifies, each measured. */
function prove(measure: Measure, net: Network, region: Region, macs: number, memory?: number): void {
  const options = memory === undefined ? {} : { memory };
  const { network, report } = measure('enforce', macs, () => enforce(net, [region], options));
  print(`  ${report.shifted} of ${report.units} units shifted`);
  const frozen = measure('freeze', macs, () => freeze(network, [region], options)).network;
  reportProof(measure('certify', macs, () => certify(frozen, [region], options)));
}

function reportProof(proof: Certified | Uncertified): void {
  if (!proof.certified) throw new Error(`the frozen network was not certified: ${proof.layer}`);
  const least = Math.min(...proof.layers.map(layer => layer.smallestMargin));
  print(`  certified; least margin ${least.toExponential(1)}`);
}

function denseOnBox(measure: Measure, size: number, width: number): void {
  const widths = [size, width, width, 10];
  const region = boxAround(new Float64Array(size).fill(0.5), 0.02);
  print(`${widths.join('-')} on a box of 2^${size} corners`);
  prove(measure, randomNetwork(widths, leakyRelu(0.01), 1), region, multiplyAdds(widths, region));
}

function imagesOnBox(measure: Measure, channels: number, mebibytes: number): void {
  const image = boxAround(new Float64Array(3 * 32 * 32).fill(0.5), 0.02);
  const { net, macs } = residualNetwork(channels, 3);
  const all = [...net.sizes.values()].reduce((sum, units) => sum + units, 0) * image.frame.rows * 8;
  print(
    `\n32×32×3, six convolutions of ${channels} and ${2 * channels} channels, on a box: frames of all nodes would take ` +
      `${(all / 2 ** 30).toFixed(1)} GiB, ${mebibytes} MiB are allowed for those kept and a quarter more for blocks;\n` +
      'layers that do not fit are computed again for each nonlinearity that needs them, which the count leaves out',
  );
  prove(measure, net, image, macs * image.frame.rows, mebibytes * 2 ** 20);
}

/** Rows and size of the product that libraries are compared by: a block of directions and a wide layer. */
const [PRODUCT_ROWS, PRODUCT_SIZE] = [512, 1024];
const PRODUCT_ROUNDS = 7;

/** Each library's best of some rounds, taking turns; all give the same numbers up to rounding. */
async function libraries(peak: number): Promise<void> {
  const products = await float64Products(PRODUCT_ROWS, PRODUCT_SIZE);
  const [first, ...others] = await Promise.all(products.map(({ run }) => run()));
  const allowed = 2 * sumErrorBound(PRODUCT_SIZE, PRODUCT_SIZE);
  for (const other of others) {
    if (first.some((y, i) => !(Math.abs(y - other[i]) <= allowed))) throw new Error('products disagree');
  }
  const best = products.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < PRODUCT_ROUNDS; round++) {
    for (const [i, { run }] of products.entries()) {
      const start = process.cpuUsage();
      await run();
      const { user, system } = process.cpuUsage(start);
      best[i] = Math.min(best[i], (user + system) / 1e6);
    }
  }
  print(`[${PRODUCT_ROWS}, ${PRODUCT_SIZE}] × [${PRODUCT_SIZE}, ${PRODUCT_SIZE}] in float64`);
  products.forEach(({ library }, i) => {
    const rate = productMacs(PRODUCT_ROWS, PRODUCT_SIZE) / best[i];
    print(
      `  ${library.padEnd(20)} ${(rate / 1e9).toFixed(2)} G/s, ${((100 * rate) / peak).toFixed(0)}% of peak`,
    );
  });
  print('');
}

function polygons(measure: Measure): void {
  print('\n2-256-256-1 on a regular polygon (frame of 3 rows whatever the vertices)');
  const planar = randomNetwork([2, 256, 256, 1], leakyRelu(0.01), 2);
  for (const count of [10, 100, 1_000, 10_000, 100_000]) {
    const vertices = polygonVertices(count);
    const polygon = measure(`build, ${count} vertices`, 0, () => vPolytope(vertices));
    measure(`enforce, ${count} vertices`, 0, () => enforce(planar, [polygon]));
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '3072' },
      width: { type: 'string', default: '1024' },
      channels: { type: 'string', default: '16' },
      memory: { type: 'string', default: '1024' },
      threads: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '5' },
      plain: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const [size, width, channels, mebibytes, threads, rounds] = (
    ['size', 'width', 'channels', 'memory', 'threads', 'rounds'] as const
  ).map(name => wholeNumber(`--${name}`, values[name]));
  if (!values.plain && !useFastProducts({ threads }))
    throw new Error('no SIMD of WebAssembly here: measure with --plain');
  const peak = peakRate();
  print(
    `${machineName}; peak: ${(peak / 1e9).toFixed(2)} G multiply-adds a second (float64, SIMD of WebAssembly, in registers, one thread); ` +
      'seconds are of processor time\n',
  );
  await libraries(peak);
  const measure = measureBy(peak, rounds);
  denseOnBox(measure, size, width);
  imagesOnBox(measure, channels, mebibytes);
  polygons(measure);
}

await runProgram(main);
