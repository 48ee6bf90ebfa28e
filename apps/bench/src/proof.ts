import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import {
  boxAround,
  certify,
  chain,
  type Dense,
  dense,
  enforce,
  freeze,
  leakyRelu,
  type Network,
  type Region,
  vPolytope,
} from '@police/core';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

const HELP = `npm run bench:proof -- [options]

Time and memory of enforcing, freezing and certifying in core (float64, one thread), with the multiply-adds counted:
a network on a box in many dimensions, and the frame's cost against the number of a polygon's vertices.

  --size D     input dimensions of the box     (default 3072)
  --width W    two hidden layers of width W    (default 1024)
  --help
`;

/** Uniform weights of unit gain, seeded. */
function randomNetwork(widths: readonly number[], seed: number): Network {
  const generator = xoroshiro128plus(seed);
  const layer = (inSize: number, outSize: number): Dense => {
    const reach = Math.sqrt(3 / inSize);
    const data = new Float64Array(inSize * outSize);
    for (let i = 0; i < data.length; i++) data[i] = (2 * uniformFloat64(generator) - 1) * reach;
    return dense({ rows: outSize, cols: inSize, data });
  };
  const layers = widths.slice(1).flatMap((width, i) => {
    const affine = layer(widths[i], width);
    return i + 2 < widths.length ? [affine, leakyRelu(0.01)] : [affine];
  });
  return chain(widths[0], layers);
}

/** Multiply-adds of carrying a frame through the dense layers; axis directions meet one weight each in the first. */
function multiplyAdds(widths: readonly number[], { frame, diagonal }: Region): number {
  return widths.slice(1).reduce((sum, width, i) => {
    const perRow = i === 0 && diagonal ? width * 2 : width * widths[i];
    return sum + frame.rows * perRow;
  }, 0);
}

function measure<T>(what: string, macs: number, run: () => T): T {
  const start = performance.now();
  const result = run();
  const seconds = (performance.now() - start) / 1000;
  const rate =
    macs > 0 ? `${(macs / 1e9).toFixed(2)} G multiply-adds, ${(macs / 1e9 / seconds).toFixed(2)} G/s` : '';
  const memory = `${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB resident`;
  process.stdout.write(
    `${what.padEnd(34)} ${seconds.toFixed(3).padStart(8)} s  ${memory.padEnd(20)} ${rate}\n`,
  );
  return result;
}

function main(): void {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '3072' },
      width: { type: 'string', default: '1024' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const size = Number(values.size);
  const width = Number(values.width);
  for (const [option, value] of Object.entries({ size, width })) {
    if (!(Number.isInteger(value) && value > 0))
      throw new Error(`--${option}: expected a whole number above 0`);
  }
  process.stdout.write(`Node ${process.versions.node}, ${cpus()[0]?.model ?? 'unknown processor'}\n\n`);

  const widths = [size, width, width, 10];
  const net = randomNetwork(widths, 1);
  const region = boxAround(new Float64Array(size).fill(0.5), 0.02);
  const macs = multiplyAdds(widths, region);
  process.stdout.write(`${widths.join('-')} on a box of 2^${size} corners\n`);
  const enforced = measure('enforce', macs, () => enforce(net, [region]));
  process.stdout.write(`  ${enforced.report.shifted} of ${enforced.report.units} units shifted\n`);
  const frozen = measure('freeze', macs, () => freeze(enforced.network, [region]));
  // Two passes: one proves, one bounds float32 inference.
  const proof = measure('certify', 2 * macs, () => certify(frozen.network, [region]));
  if (!proof.certified) throw new Error('the frozen network was not certified');
  process.stdout.write(
    `  certified; least margin ${Math.min(...proof.layers.map(l => l.smallestMargin)).toExponential(1)}\n`,
  );

  process.stdout.write('\n2-256-256-1 on a regular polygon (frame of 3 rows whatever the vertices)\n');
  const planar = randomNetwork([2, 256, 256, 1], 2);
  for (const count of [10, 100, 1_000, 10_000, 100_000]) {
    const vertices = Array.from({ length: count }, (_, p) => {
      const angle = (2 * Math.PI * p) / count;
      return [Math.cos(angle), Math.sin(angle)];
    });
    const polygon = measure(`build, ${count} vertices`, 0, () => vPolytope(vertices));
    measure(`enforce, ${count} vertices`, 0, () => enforce(planar, [polygon]));
  }
}

try {
  main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
