import { parseArgs } from 'node:util';
import { wholeNumber } from '@police/common/options';
import { machineName, runProgram } from '@police/common/program';
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
import { randomNetwork } from './backends/core-net.js';
import { polygonVertices } from './cases/region.js';
import { residualNetwork } from './residual-network.js';

const HELP = `npm run bench:proof -- [options]

Time and memory of enforcing, freezing and certifying in core (float64, one thread), with the multiply-adds counted:
a network on a box in many dimensions, a residual convolutional network on a box around an image, whose frame is carried
in blocks, and the frame's cost against the number of a polygon's vertices.

  --size D        input dimensions of the box                      (default 3072)
  --width W       two hidden layers of width W                     (default 1024)
  --channels C    of the convolutional network                     (default 16)
  --memory MIB    that the convolutional network's frame may take  (default 1024)
  --help
`;

/** Multiply-adds of carrying a frame through the dense layers; axis directions meet one weight each in the first. */
function multiplyAdds(widths: readonly number[], { frame, diagonal }: Region): number {
  return widths.slice(1).reduce((sum, width, i) => {
    const perRow = i === 0 && diagonal ? width * 2 : width * widths[i];
    return sum + frame.rows * perRow;
  }, 0);
}

/** What rates are held against: independent float64 multiply-adds in registers, the most that JavaScript can do here. */
function peakRate(): number {
  const rounds = 2e7;
  const run = () => {
    let [a, b, c, d, e, f, g, h] = [1, 2, 3, 4, 5, 6, 7, 8];
    const x = 0.999999;
    for (let i = 0; i < rounds; i++) {
      a = a * x + 1;
      b = b * x + 1;
      c = c * x + 1;
      d = d * x + 1;
      e = e * x + 1;
      f = f * x + 1;
      g = g * x + 1;
      h = h * x + 1;
    }
    return a + b + c + d + e + f + g + h;
  };
  let best = 0;
  for (let repeat = 0; repeat < 5; repeat++) {
    const start = performance.now();
    if (!Number.isFinite(run())) throw new Error('the sums diverged');
    best = Math.max(best, (8 * rounds) / ((performance.now() - start) / 1000));
  }
  return best;
}

/** Runs something of so many multiply-adds, and tells what it took. */
type Measure = <T>(what: string, macs: number, run: () => T) => T;

const measureBy =
  (peak: number): Measure =>
  (what, macs, run) => {
    const start = performance.now();
    const result = run();
    const seconds = (performance.now() - start) / 1000;
    const rate =
      macs > 0
        ? `${(macs / 1e9).toFixed(2)} G multiply-adds, ${(macs / 1e9 / seconds).toFixed(2)} G/s, ` +
          `${((100 * macs) / seconds / peak).toFixed(0)}% of peak`
        : '';
    const memory = `${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB resident`;
    print(`${what.padEnd(34)} ${seconds.toFixed(3).padStart(8)} s  ${memory.padEnd(20)} ${rate}`);
    return result;
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

function polygons(measure: Measure): void {
  print('\n2-256-256-1 on a regular polygon (frame of 3 rows whatever the vertices)');
  const planar = randomNetwork([2, 256, 256, 1], leakyRelu(0.01), 2);
  for (const count of [10, 100, 1_000, 10_000, 100_000]) {
    const vertices = polygonVertices(count);
    const polygon = measure(`build, ${count} vertices`, 0, () => vPolytope(vertices));
    measure(`enforce, ${count} vertices`, 0, () => enforce(planar, [polygon]));
  }
}

function main(): void {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '3072' },
      width: { type: 'string', default: '1024' },
      channels: { type: 'string', default: '16' },
      memory: { type: 'string', default: '1024' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const [size, width, channels, mebibytes] = (['size', 'width', 'channels', 'memory'] as const).map(name =>
    wholeNumber(`--${name}`, values[name]),
  );
  const peak = peakRate();
  print(
    `${machineName}; peak: ${(peak / 1e9).toFixed(2)} G multiply-adds a second, measured in registers, one thread, ` +
      'no SIMD (JavaScript has none)\n',
  );
  const measure = measureBy(peak);
  denseOnBox(measure, size, width);
  imagesOnBox(measure, channels, mebibytes);
  polygons(measure);
}

await runProgram(main);
