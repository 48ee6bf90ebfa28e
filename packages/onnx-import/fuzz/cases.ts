import { PoliceError } from '@police/core';
import type { TestModel } from '../test/onnx.js';
import { constantDraft } from './constants.js';
import { type DataType, Draft } from './draft.js';
import { ARRANGING } from './operators/arranging.js';
import { CURVES } from './operators/curves.js';
import { ELEMENTWISE, type Maker } from './operators/elementwise.js';
import { LINEAR } from './operators/linear.js';
import { RESIZING } from './operators/resizing.js';
import { WINDOWS } from './operators/windows.js';
import { Random } from './random.js';

/** A model, and what is asked of it. */
export interface Case {
  readonly model: TestModel;
  /** Whether the model adds a computed constant to its input: at 0 its output is that constant, to the bit. */
  readonly isConstant: boolean;
}

export const MAKERS: Readonly<Record<string, Maker>> = {
  ...ELEMENTWISE,
  ...CURVES,
  ...LINEAR,
  ...WINDOWS,
  ...ARRANGING,
  ...RESIZING,
};

/** How far from affine the tails of smooth functions may be: of no matter to what is computed. */
export const EPSILON = 1e-3;

/** Every operator set that is read. */
export const OPSETS: readonly number[] = Array.from({ length: 19 }, (_, i) => i + 8);

const SHAPES: readonly (readonly number[])[] = [
  [1, 4],
  [1, 2],
  [3],
  [2, 3],
  [1, 3, 2],
  [1, 2, 5],
  [1, 1, 7],
  [1, 2, 5, 4],
  [1, 1, 3, 3],
  [1, 3, 4, 6],
  [1, 1, 6, 7],
  [1, 4, 2, 2],
  [2, 2, 2],
  [1, 1],
];

/** A random model; undefined for the few from which nothing can be read. `tried`: counts operators, read and refused. */
export function randomCase(seed: number, tried: Tally = new Tally()): Case | undefined {
  const rng = new Random(seed);
  const opset = rng.pick(OPSETS);
  const dtype: DataType = rng.chance(0.8) ? 'float32' : rng.pick(['float64', 'float16']);
  if (rng.chance(0.3)) {
    const { draft, output } = constantDraft(rng, opset, dtype);
    return { model: draft.model(output), isConstant: true };
  }
  const model = randomModel(rng, opset, dtype, tried, EPSILON);
  return model && { model, isConstant: false };
}

/** One to four operators on the input; with an `epsilon` smooth ones too. */
export function randomModel(
  rng: Random,
  opset: number,
  dtype: DataType,
  tried: Tally,
  epsilon?: number,
): TestModel | undefined {
  const draft = new Draft(rng, opset, dtype, rng.pick(SHAPES), epsilon);
  for (let left = rng.int(1, 4); left > 0; left--) step(draft, tried);
  return draft.tensors.length === 1 ? undefined : draft.model(draft.last.name);
}

/** Adds an operator that fits and that our reader takes. */
function step(draft: Draft, tried: Tally): void {
  const { rng } = draft;
  for (let attempt = 0; attempt < 8; attempt++) {
    const name = rng.pick([...Object.keys(MAKERS), 'Split', 'Resize', 'MaxPool', 'AveragePool']);
    const count = draft.nodes.length;
    const output = name === 'Split' ? split(draft) : single(draft, name);
    if (output === undefined) {
      draft.dtype = draft.last.dtype;
      continue;
    }
    try {
      draft.accept(output);
      tried.count(name, 'read');
      return;
    } catch (error) {
      if (!(error instanceof PoliceError)) throw error;
      tried.count(name, 'refused');
      draft.rewind(count);
      draft.dtype = draft.last.dtype;
    }
  }
}

function single(draft: Draft, name: string): string | undefined {
  const made = MAKERS[name](draft, draft.last);
  return made && draft.node(made)[0];
}

/** A Split, of whose parts one goes on, or all are joined again in another order. */
function split(draft: Draft): string | undefined {
  const { rng, opset, last } = draft;
  const rank = last.shape.length;
  if (rank === 0) return undefined;
  const axis = rng.int(0, rank - 1);
  const size = last.shape[axis];
  const parts = rng.int(1, Math.min(3, size));
  const isEqual = rng.chance(0.4);
  if (isEqual && opset < 18 && size % parts !== 0) return undefined;
  const named = { axis: opset >= 11 && rng.chance(0.4) ? axis - rank : axis };
  const sizes = rng.list(parts, i => (i < parts - 1 ? 1 : size - parts + 1));
  const inputs = [last.name];
  const attributes: Record<string, number | readonly number[]> = { ...named };
  if (isEqual && opset >= 18) attributes.num_outputs = parts;
  else if (!isEqual && opset < 13) attributes.split = sizes;
  else if (!isEqual) inputs.push(draft.ints(...sizes));
  const outputs = draft.node(['Split', inputs, attributes], parts);
  if (rng.chance(0.4)) return rng.pick(outputs);
  return draft.node(['Concat', rng.shuffled(outputs), named])[0];
}

/** How often each operator was read or refused while models were made. */
export class Tally {
  readonly counts = new Map<string, { read: number; refused: number }>();

  count(operator: string, outcome: 'read' | 'refused'): void {
    const found = this.counts.get(operator) ?? { read: 0, refused: 0 };
    found[outcome]++;
    this.counts.set(operator, found);
  }

  toString(): string {
    const rows = [...this.counts].sort(([a], [b]) => a.localeCompare(b));
    return rows.map(([name, { read, refused }]) => `${name} ${read}/${refused}`).join(', ');
  }
}
