import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { onnxSession } from '@police/common/onnx';
import { wholeNumber } from '@police/common/options';
import { machineName, runProgram } from '@police/common/program';
import { median } from '@police/common/statistics';
import { box, certify, enforce, float32, freeze, type Network, network, relu } from '@police/core';
import { isRepresentable } from '@police/core/adapter';
import { exportOnnx } from '@police/onnx-export';
import { readModel, writeBack } from '@police/onnx-import';
import * as ort from 'onnxruntime-web';
import { randomNetwork } from './backends/core-net.js';

const HELP = `npm run bench:acas -- [options] [model.onnx …]

Time to read, enforce, freeze, certify and write back 45 networks of the size of ACAS Xu's (5 inputs, six layers of 50 ReLU,
5 outputs) on the box of its property 3, in one process, and what inference costs before and after. Files given are used again and again; without any, 45 seeded random
networks are.

  --count N    networks    (default 45)
  --help
`;

/** Input bounds of property 3 of ACAS Xu. */
const BOX = box(
  [-0.303531156, -0.009549297, 0.493380324, 0.3, 0.3],
  [-0.298552812, 0.009549297, 0.5, 0.5, 0.5],
);

const randomModel = (seed: number): Uint8Array =>
  exportOnnx(rounded(randomNetwork([5, 50, 50, 50, 50, 50, 50, 5], relu(), seed, { gain: 2, bias: 0.1 })));

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

/** Median milliseconds of one inference of each file, taking turns, in onnxruntime-web (wasm, one thread). */
async function latencies(files: readonly Uint8Array[]): Promise<number[]> {
  const sessions = await Promise.all(files.map(onnxSession));
  const times: number[][] = files.map(() => []);
  const dims = sessions[0].inputMetadata[0];
  if (!dims.isTensor) throw new Error('the input is no tensor');
  const shape = dims.shape.map(size => (typeof size === 'number' && size > 0 ? size : 1));
  for (let round = 0; round < 200; round++) {
    for (const [i, session] of sessions.entries()) {
      const data = Float32Array.from({ length: 5 }, (_, k) => Math.sin(round + k) / 2);
      const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', data, shape) };
      const start = performance.now();
      for (let repeat = 0; repeat < 10; repeat++) await session.run(feeds);
      times[i].push((performance.now() - start) / 10);
    }
  }
  return times.map(median);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { count: { type: 'string', default: '45' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const count = wholeNumber('--count', values.count);
  const files = positionals.map(path => readFileSync(path));
  const models = Array.from({ length: count }, (_, i) =>
    files.length > 0 ? files[i % files.length] : randomModel(i + 1),
  );

  let shifted = 0;
  let units = 0;
  let first: readonly Uint8Array[] = [];
  const times = models.map(bytes => {
    const start = performance.now();
    const model = readModel(bytes);
    const { network: policed, report } = enforce(model.network, [BOX]);
    const frozen = freeze(policed, [BOX]).network;
    const written = writeBack(model, frozen);
    if (!certify(readModel(written.bytes).network, [BOX]).certified)
      throw new Error('a network was not certified');
    if (first.length === 0) first = [bytes, written.bytes];
    shifted += report.shifted;
    units += report.units;
    return performance.now() - start;
  });
  const total = times.reduce((sum, time) => sum + time, 0);
  process.stdout.write(
    `${machineName}\n` +
      `${count} networks read, enforced, frozen, written, read again and certified: ${(total / 1000).toFixed(2)} s\n` +
      `per network: median ${median(times).toFixed(1)} ms, least ${Math.min(...times).toFixed(1)}, most ${Math.max(...times).toFixed(1)}\n` +
      `${shifted} of ${units} units shifted\n`,
  );
  const [before, after] = await latencies(first);
  process.stdout.write(
    `inference in onnxruntime-web: ${(1000 * before).toFixed(1)} µs before, ${(1000 * after).toFixed(1)} µs after, ` +
      `ratio ${(after / before).toFixed(3)}\n`,
  );
}

await runProgram(main);
