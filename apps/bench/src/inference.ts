import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { onnxSession } from '@police/common/onnx';
import { positive, wholeNumber } from '@police/common/options';
import { runProgram } from '@police/common/program';
import { seededRng, uniform } from '@police/common/random';
import {
  boxAround,
  type Certified,
  certify,
  drift,
  enforce,
  freeze,
  matrix,
  PoliceError,
  type Region,
  rowOf,
} from '@police/core';
import { type ImportedModel, readModel, writeBack } from '@police/onnx-import';
import * as ort from 'onnxruntime-web';

const HELP = `npm run bench:inference -- [options] model.onnx …

The bound on the error of float32 inference that is claimed of each model, enforced on a box, against the largest error seen in ONNX
Runtime at corners and random points of the box; and what keeping clear of the runtime's rounding costs outside: the drift of the
model frozen with clearance 'float32' over that with 'exact'.

  --points N     points                             (default 10000)
  --centre c     centre of the box in every input   (default 0.1)
  --radius r     radius of the box in every input   (default 0.05)
  --help
`;

/** Samples outside the box that drifts are measured on. */
const DRIFT_SAMPLES = 200;

interface Settings {
  readonly points: number;
  readonly centre: number;
  readonly radius: number;
}

interface Row {
  readonly claimed: number;
  readonly seen: number;
  readonly driftRatio: number;
  readonly note: string;
}

async function measured(path: string, { points, centre, radius }: Settings): Promise<Row> {
  const model = readModel(readFileSync(path));
  const size = model.network.inputSize;
  const region = boxAround(new Float64Array(size).fill(centre), radius);
  const { network } = enforce(model.network, [region]);
  const { precision } = model;
  const frozen = freeze(network, [region], { precision }).network;
  const written = writeBack(model, frozen);
  const proof = certify(readModel(written.bytes).network, [region]);
  if (!proof.certified) throw new Error(`${proof.layer} is not certified`);
  const rng = seededRng(1);
  const x = matrix(DRIFT_SAMPLES, size, uniform(new Float64Array(DRIFT_SAMPLES * size), 1, rng));
  const exact = freeze(network, [region], { precision, clearance: 'exact' }).network;
  const [cleared, bare] = [frozen, exact].map(after => drift(model.network, after, x).meanDrift);
  const { inferenceError, mapError, coarse, overflow } = proof.regions[0];
  return {
    claimed: inferenceError.reduce((max, e, j) => Math.max(max, e + mapError[j]), 0),
    seen: await largestError(written.bytes, model, region, proof, points),
    driftRatio: bare === 0 ? 1 : cleared / bare,
    note: overflow ? `overflow at ${overflow}` : coarse ? `coarse from ${coarse}` : '',
  };
}

/** The largest |ONNX Runtime − (A x + b)|: half the points are corners of the box. */
async function largestError(
  bytes: Uint8Array,
  { guaranteedTensor }: ImportedModel,
  region: Region,
  proof: Certified,
  points: number,
): Promise<number> {
  const session = await onnxSession(bytes);
  const input = session.inputMetadata[0];
  if (!input.isTensor) throw new Error('the input is no tensor');
  const shape = input.shape.map(n => (typeof n === 'number' && n > 0 ? n : 1));
  const { A, b } = proof.regions[0].map;
  const rng = seededRng(2);
  let largest = 0;
  for (let i = 0; i < points; i++) {
    const at = region.sample(rng);
    const corner = i % 2 === 0;
    // A float32 point of the box: rounded towards its centre.
    const x = Float32Array.from(at, (value, k) => {
      const centre = region.frame.data[k];
      const reach = corner ? Math.sign(value - centre) * region.diagonal![k] : value - centre;
      return centre + reach * (1 - 2 ** -20);
    });
    const outputs = await session.run({ [session.inputNames[0]]: new ort.Tensor('float32', x, shape) });
    const tensor = outputs[guaranteedTensor] ?? outputs[session.outputNames[0]];
    const y = tensor.data as Float32Array;
    b.forEach((offset, j) => {
      const row = rowOf(A, j);
      const expected = x.reduce((sum, value, k) => sum + row[k] * value, offset);
      largest = Math.max(largest, Math.abs(y[j] - expected));
    });
  }
  return largest;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      points: { type: 'string', default: '10000' },
      centre: { type: 'string', default: '0.1' },
      radius: { type: 'string', default: '0.05' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || positionals.length === 0) {
    process.stdout.write(HELP);
    return;
  }
  const settings = {
    points: wholeNumber('--points', values.points),
    centre: Number(values.centre),
    radius: positive('--radius', values.radius),
  };
  process.stdout.write('| model | claimed | seen | ratio | drift | |\n|---|---|---|---|---|---|\n');
  for (const path of positionals) {
    const name = basename(path);
    try {
      const { claimed, seen, driftRatio, note } = await measured(path, settings);
      const ratio = seen === 0 ? '–' : (claimed / seen).toFixed(0);
      process.stdout.write(
        `| ${name} | ${claimed.toExponential(2)} | ${seen.toExponential(2)} | ${ratio} | ×${driftRatio.toFixed(4)} | ${note} |\n`,
      );
    } catch (error) {
      if (!(error instanceof PoliceError)) throw error;
      process.stdout.write(`| ${name} | | | | | ${error.message.slice(0, 120)} |\n`);
    }
  }
}

await runProgram(main);
