import { type Faded, PoliceError } from '@police/core';
import { graphPart } from '@police/onnx-export';
import { addConstants, flatInput, newNode, stepsOf } from './append-nodes.js';
import { ModelEdits, type NewNode } from './edits.js';
import { readEnds } from './ends.js';
import type { ImportedModel } from './read-model.js';
import type { ShiftSite } from './sites.js';

/** What was added to a file. */
export interface AppendedFade {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Operators added, in order: those of the gates, then those before each nonlinearity. */
  readonly nodes: readonly string[];
  /** Entries of the constants added. */
  readonly entries: number;
}

/**
 * The model's file with the shifts of `faded(imported.network, regions)`: operators that compute how near the input is to each region, and
 * before each nonlinearity that is shifted a MatMul, and an Add of what it gives. All that was there keeps its bytes, but for the names of the
 * inputs of these nonlinearities. `readModel` reads the result as it reads any model, and `certify` proves it.
 *
 * Law: the values written are those of `faded`, none is rounded.
 *
 * Throws `not-frozen` (a model that computes in another format than float32) or `unsupported-layer`.
 *
 * @example
 * const model = readModel(bytes);
 * const { bytes: written } = appendFade(model, faded(model.network, regions, { width: 0.1 }));
 */
export function appendFade(imported: ImportedModel, { gates, shifts }: Faded): AppendedFade {
  const { source, arithmetic } = imported;
  if (arithmetic !== 'float32') throw otherFormat(arithmetic);
  const file = new ModelEdits(source.bytes);
  const ends = readEnds(source.bytes, source.options);
  let entries = 0;
  const constant = (name: string, values: Float64Array, dims: readonly number[]): string => {
    entries += values.length;
    return file.addConstant(name, values, { dims, dtype: 'float32' });
  };

  // Whatever reads them comes later in the file.
  const first: NewNode[] = [];
  const prefix = file.newName('fade');
  const steps = stepsOf(file, prefix, first);
  const input = flatInput(ends, 'float32', steps);
  const on = steps.fresh('on');
  const part = graphPart(gates, {
    input: { name: input, shape: [gates.inputSize] },
    outputName: on,
    taken: [...file.takenNames],
  });
  first.push(...part.nodes.map(newNode));
  addConstants(file, part, 'float32');
  entries += part.initializers.reduce((sum, { values }) => sum + values.length, 0);
  for (const node of first) file.insertBefore(0, node);

  const nodes = first.map(({ opType }) => opType);
  for (const [name, columns] of shifts) {
    const site = source.sites.shifts.get(name)!;
    const added: NewNode[] = [];
    const { then, shaped, fresh } = stepsOf(file, file.name(site.node, 'fade'), added);
    const { rows: units, cols: regions, data } = columns;
    const transposed = Float64Array.from(
      { length: units * regions },
      (_, i) => data[(i % units) * regions + Math.floor(i / units)],
    );
    const weight = constant(fresh('shifts'), transposed, [regions, units]);
    const shift = then({ opType: 'MatMul', inputs: [on, weight], output: fresh('shift') });
    const output = then({
      opType: 'Add',
      inputs: [file.inputOf(site.node, site.input), inShape(shift, site, shaped, fresh)],
      output: fresh('shifted'),
    });
    for (const node of added) file.insertBefore(site.node, node);
    for (const place of [site, ...(site.also ?? [])]) file.setInput(place.node, place.input, output);
    nodes.push(...added.map(({ opType }) => opType));
  }
  return { bytes: file.apply(), nodes, entries };
}

/** Rows `[batch, units]` as the tensor that they are added to. */
function inShape(
  rows: string,
  { dims, isBatched }: ShiftSite,
  shaped: (tensor: string, sizes: readonly number[], output: string) => string,
  fresh: (part: string) => string,
): string {
  if (isBatched && dims.length === 1) return rows;
  return shaped(rows, isBatched ? [-1, ...dims] : dims, fresh('whole'));
}

function otherFormat(actual: string): PoliceError {
  return new PoliceError({
    code: 'not-frozen',
    where: 'model',
    expected: 'a model that computes in float32, for shifts that fade',
    actual,
    remedy: 'Shift without fading, or patch the model: appendPatch(bytes, network).',
  });
}
