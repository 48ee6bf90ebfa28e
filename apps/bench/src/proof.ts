import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import {
  boxAround,
  type Certified,
  certify,
  chain,
  type Dense,
  dense,
  enforce,
  freeze,
  leakyRelu,
  type Network,
  type NetworkNode,
  network,
  operators,
  type Region,
  type Uncertified,
  vPolytope,
} from '@police/core';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

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

function measure<T>(what: string, macs: number, run: () => T): T {
  const start = performance.now();
  const result = run();
  const seconds = (performance.now() - start) / 1000;
  const rate =
    macs > 0
      ? `${(macs / 1e9).toFixed(2)} G multiply-adds, ${(macs / 1e9 / seconds).toFixed(2)} G/s, ` +
        `${((100 * macs) / seconds / peak).toFixed(0)}% of peak`
      : '';
  const memory = `${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB resident`;
  process.stdout.write(
    `${what.padEnd(34)} ${seconds.toFixed(3).padStart(8)} s  ${memory.padEnd(20)} ${rate}\n`,
  );
  return result;
}

function reportProof(proof: Certified | Uncertified): void {
  if (!proof.certified) throw new Error(`the frozen network was not certified: ${proof.layer}`);
  const least = Math.min(...proof.layers.map(layer => layer.smallestMargin));
  process.stdout.write(`  certified; least margin ${least.toExponential(1)}\n`);
}

type Shape3 = [number, number, number];

interface ConvNet {
  readonly net: Network;
  /** Of one row through all convolutions. */
  readonly macs: number;
}

/** 32×32×3 → conv → two residual blocks of two convolutions, a strided one between → mean → dense: six convolutions. */
function residualNetwork(channels: number, seed: number): ConvNet {
  const generator = xoroshiro128plus(seed);
  const random = (count: number, reach: number) => {
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = (2 * uniformFloat64(generator) - 1) * reach;
    return values;
  };
  const nodes: NetworkNode[] = [{ kind: 'input', name: 'image', size: 3 * 32 * 32 }];
  let macs = 0;
  const conv = (name: string, input: string, [c, h, w]: Shape3, out: number, stride: number): Shape3 => {
    const operator = operators.conv({
      inShape: [c, h, w],
      weight: random(out * c * 9, Math.sqrt(3 / (9 * c))),
      weightShape: [out, c, 3, 3],
      bias: random(out, 0.1),
      strides: [stride, stride],
      padding: [1, 1, 1, 1],
    });
    nodes.push({ kind: 'affine', name, input, operator });
    macs += operator.outSize * c * 9;
    return [out, h / stride, w / stride];
  };
  const bend = (name: string, input: string) =>
    nodes.push({ kind: 'activation', name, input, activation: leakyRelu(0.01) });
  const block = (name: string, input: string, shape: Shape3) => {
    conv(`${name}_conv1`, input, shape, shape[0], 1);
    bend(`${name}_bend1`, `${name}_conv1`);
    conv(`${name}_conv2`, `${name}_bend1`, shape, shape[0], 1);
    nodes.push({ kind: 'sum', name: `${name}_sum`, inputs: [`${name}_conv2`, input] });
    bend(name, `${name}_sum`);
  };
  const wide = conv('conv', 'image', [3, 32, 32], channels, 1);
  bend('bend', 'conv');
  block('block1', 'bend', wide);
  const narrow = conv('down', 'block1', wide, 2 * channels, 2);
  bend('bend2', 'down');
  block('block2', 'bend2', narrow);
  const mean = operators.globalAveragePool(narrow);
  nodes.push({ kind: 'affine', name: 'mean', input: 'block2', operator: mean });
  const head = dense({ rows: 10, cols: mean.outSize, data: random(10 * mean.outSize, 0.3) });
  nodes.push({ kind: 'affine', name: 'head', input: 'mean', operator: head });
  return { net: network(nodes), macs };
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
  const size = Number(values.size);
  const width = Number(values.width);
  const channels = Number(values.channels);
  const mebibytes = Number(values.memory);
  for (const [option, value] of Object.entries({ size, width, channels, memory: mebibytes })) {
    if (!(Number.isInteger(value) && value > 0))
      throw new Error(`--${option}: expected a whole number above 0`);
  }
  process.stdout.write(
    `Node ${process.versions.node}, ${cpus()[0]?.model ?? 'unknown processor'}; peak: ${(peak / 1e9).toFixed(2)} G ` +
      'multiply-adds a second, measured in registers, one thread, no SIMD (JavaScript has none)\n\n',
  );

  const widths = [size, width, width, 10];
  const net = randomNetwork(widths, 1);
  const region = boxAround(new Float64Array(size).fill(0.5), 0.02);
  const macs = multiplyAdds(widths, region);
  process.stdout.write(`${widths.join('-')} on a box of 2^${size} corners\n`);
  const enforced = measure('enforce', macs, () => enforce(net, [region]));
  process.stdout.write(`  ${enforced.report.shifted} of ${enforced.report.units} units shifted\n`);
  const frozen = measure('freeze', macs, () => freeze(enforced.network, [region]));
  reportProof(measure('certify', macs, () => certify(frozen.network, [region])));

  const image = boxAround(new Float64Array(3 * 32 * 32).fill(0.5), 0.02);
  const conv = residualNetwork(channels, 3);
  const total = conv.macs * image.frame.rows;
  const memory = mebibytes * 2 ** 20;
  const all = [...conv.net.sizes.values()].reduce((sum, units) => sum + units, 0) * image.frame.rows * 8;
  process.stdout.write(
    `\n32×32×3, six convolutions of ${channels} and ${2 * channels} channels, on a box: frames of all nodes would take ` +
      `${(all / 2 ** 30).toFixed(1)} GiB, ${mebibytes} MiB are allowed for those kept and a quarter more for blocks;\n` +
      'layers that do not fit are computed again for each nonlinearity that needs them, which the count leaves out\n',
  );
  const shifted = measure('enforce', total, () => enforce(conv.net, [image], { memory }));
  process.stdout.write(`  ${shifted.report.shifted} of ${shifted.report.units} units shifted\n`);
  const stored = measure('freeze', total, () => freeze(shifted.network, [image], { memory }));
  reportProof(measure('certify', total, () => certify(stored.network, [image], { memory })));

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

const peak = peakRate();

try {
  main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
