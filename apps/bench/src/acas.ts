import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import {
  box,
  certify,
  chain,
  type Dense,
  dense,
  enforce,
  float32,
  freeze,
  isRepresentable,
  type Network,
  network,
  relu,
} from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { readModel, writeBack } from '@police/onnx-import';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

const HELP = `npm run bench:acas -- [options] [model.onnx …]

Time to read, enforce, freeze, certify and write back 45 networks of the size of ACAS Xu's (5 inputs, six layers of 50 ReLU,
5 outputs) on the box of its property 3, in one process. Files given are used again and again; without any, 45 seeded random
networks are.

  --count N    networks    (default 45)
  --help
`;

/** Input bounds of property 3 of ACAS Xu. */
const BOX = box(
  [-0.303531156, -0.009549297, 0.493380324, 0.3, 0.3],
  [-0.298552812, 0.009549297, 0.5, 0.5, 0.5],
);

function randomModel(seed: number): Uint8Array {
  const generator = xoroshiro128plus(seed);
  const layer = (inSize: number, outSize: number): Dense => {
    const reach = Math.sqrt(6 / inSize);
    const random = (count: number, scale: number) =>
      Float64Array.from({ length: count }, () => (2 * uniformFloat64(generator) - 1) * scale);
    return dense(
      { rows: outSize, cols: inSize, data: random(inSize * outSize, reach) },
      random(outSize, 0.1),
    );
  };
  const widths = [5, 50, 50, 50, 50, 50, 50, 5];
  const layers = widths.slice(1).flatMap((width, i) => {
    const affine = layer(widths[i], width);
    return i + 2 < widths.length ? [affine, relu()] : [affine];
  });
  return exportOnnx(rounded(chain(5, layers)));
}

/** What a file of float32 weights can hold. */
function rounded(net: Network): Network {
  const stored = network(
    net.nodes.map(node =>
      node.kind === 'affine' ? { ...node, operator: node.operator.rounded(float32) } : node,
    ),
  );
  if (!isRepresentable(stored, float32)) throw new Error('a weight is no float32 value');
  return stored;
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { count: { type: 'string', default: '45' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const count = Number(values.count);
  if (!(Number.isInteger(count) && count > 0)) throw new Error('--count: expected a whole number above 0');
  const files = positionals.map(path => readFileSync(path));
  const models = Array.from({ length: count }, (_, i) =>
    files.length > 0 ? files[i % files.length] : randomModel(i + 1),
  );

  let shifted = 0;
  let units = 0;
  const times = models.map(bytes => {
    const start = performance.now();
    const model = readModel(bytes);
    const { network: policed, report } = enforce(model.network, [BOX]);
    const frozen = freeze(policed, [BOX]).network;
    const written = writeBack(model, frozen);
    if (!certify(readModel(written.bytes).network, [BOX]).certified)
      throw new Error('a network was not certified');
    shifted += report.shifted;
    units += report.units;
    return performance.now() - start;
  });
  const sorted = [...times].sort((a, b) => a - b);
  const total = times.reduce((sum, time) => sum + time, 0);
  process.stdout.write(
    `Node ${process.versions.node}, ${cpus()[0]?.model ?? 'unknown processor'}\n` +
      `${count} networks read, enforced, frozen, written, read again and certified: ${(total / 1000).toFixed(2)} s\n` +
      `per network: median ${sorted[count >> 1].toFixed(1)} ms, least ${sorted[0].toFixed(1)}, most ${sorted.at(-1)!.toFixed(1)}\n` +
      `${shifted} of ${units} units shifted\n`,
  );
}

try {
  main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
