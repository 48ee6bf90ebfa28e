import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildModel, type TestModel } from '../test/onnx.js';

export interface FuzzOptions {
  readonly cases: number;
  readonly seed: number;
  /** Of the first case, to make one again alone. */
  readonly from: number;
  /** Where differences are written as files. */
  readonly out: string;
}

/** `--cases n --seed s --from i --out folder`. Throws on anything else. */
export function fuzzOptions(defaults: { cases: number; out: string }): FuzzOptions {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: `${defaults.cases}` },
      seed: { type: 'string', default: '1' },
      from: { type: 'string', default: '0' },
      out: { type: 'string', default: defaults.out },
    },
  });
  const natural = (name: 'cases' | 'seed' | 'from') => {
    const value = Number(values[name]);
    if (Number.isSafeInteger(value) && value >= 0) return value;
    throw new Error(`--${name}: expected an integer from 0 up, got '${values[name]}'.`);
  };
  return { cases: natural('cases'), seed: natural('seed'), from: natural('from'), out: values.out };
}

/** Writes a model and returns its path. */
export function writeCase(folder: string, name: string, model: TestModel): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, buildModel(model));
  return path;
}

/** A model in a few lines, for messages. */
export function describeModel({ opset, dtype, input, nodes, constants = {} }: TestModel): string {
  const brief = (data: readonly (number | bigint)[]) =>
    data.length > 12 ? `${data.slice(0, 12).join(', ')}, …` : data.join(', ');
  const tensors = Object.entries(constants).map(
    ([name, t]) => `  ${name}: ${t.dtype ?? 'float32'} [${t.dims}] = ${brief(t.bigints ?? t.data)}`,
  );
  const operators = nodes.map(
    ([type, from, to, attributes = {}]) => `  ${to} = ${type}(${from}) ${JSON.stringify(attributes)}`,
  );
  return [`  opset ${opset}, x: ${dtype ?? 'float32'} [${input}]`, ...tensors, ...operators].join('\n');
}
