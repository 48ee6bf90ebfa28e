import { assertFinite, PoliceError } from '../errors.js';
import { type Network, network } from '../network/network.js';
import type { NetworkNode } from '../network/nodes.js';
import { type SparseRows, sparse } from '../network/operators/sparse.js';
import type { Region } from '../regions/region.js';

/** A coefficient of one input or output. */
export interface LinearTerm {
  readonly index: number;
  readonly coefficient: number;
}

/** `Σ coefficient · input + Σ coefficient · output ≤ bound`, taken as exact numbers. */
export interface LinearInequality {
  readonly inputs?: readonly LinearTerm[];
  readonly outputs?: readonly LinearTerm[];
  readonly bound: number;
  /**
   * `<` instead.
   * @defaultValue false
   */
  readonly isStrict?: boolean;
}

/** A region, and what is looked for there: a point at which all inequalities of one of the conjuncts hold. */
export interface QueryCase {
  readonly region: Region;
  readonly conjuncts: readonly (readonly LinearInequality[])[];
  /**
   * Moves a point of the region to one that is meant, in place of the default: a region may be rounded outwards, and points have a
   * format. Undefined where there is none.
   * @defaultValue the nearest point in the arithmetic's format that the region contains, if there is one
   */
  readonly place?: (x: Float64Array) => Float64Array | undefined;
}

/** Satisfied where one of the cases is. */
export type Query = readonly QueryCase[];

/** A network whose outputs are the left sides of inequalities, in the order of `rows`. */
export interface RowsNetwork {
  readonly network: Network;
  /** All inequalities of a case, each once. */
  readonly rows: readonly LinearInequality[];
}

/** Throws `shape` for an index that the network has not, `not-finite`, or `invalid-option` for one named twice. */
export function rowsNetwork(net: Network, { conjuncts }: QueryCase, where: string): RowsNetwork {
  const rows = [...new Set(conjuncts.flat())];
  for (const row of rows) assertFinite([row.bound], `${where} bound`);
  const readsInputs = rows.some(({ inputs = [] }) => inputs.length > 0);
  const last = net.nodes[net.nodes.length - 1].name;
  const fresh = (wanted: string): string => (net.sizes.has(wanted) ? fresh(`${wanted}_`) : wanted);
  const nodes: NetworkNode[] = [...net.nodes];
  const first = readsInputs ? net.inputSize : 0;
  if (readsInputs) nodes.push({ kind: 'concat', name: fresh('both'), inputs: [net.nodes[0].name, last] });
  const operator = sparse({
    inSize: first + net.outputSize,
    rows: sparseRows(rows, net, first, where),
  });
  nodes.push({ kind: 'affine', name: fresh('rows'), input: nodes[nodes.length - 1].name, operator });
  return { network: network(nodes), rows };
}

function sparseRows(
  rows: readonly LinearInequality[],
  { inputSize, outputSize }: Network,
  first: number,
  where: string,
): SparseRows {
  const entries = rows.map(({ inputs = [], outputs = [] }) => [
    ...sorted(inputs, inputSize, `${where} inputs`),
    ...sorted(outputs, outputSize, `${where} outputs`).map(({ index, coefficient }) => ({
      index: first + index,
      coefficient,
    })),
  ]);
  const rowStart = new Int32Array(rows.length + 1);
  entries.forEach((row, i) => {
    rowStart[i + 1] = rowStart[i] + row.length;
  });
  const all = entries.flat();
  return {
    rowStart,
    columns: Int32Array.from(all, ({ index }) => index),
    values: Float64Array.from(all, ({ coefficient }) => coefficient),
  };
}

function sorted(terms: readonly LinearTerm[], size: number, where: string): readonly LinearTerm[] {
  assertFinite(
    terms.map(({ coefficient }) => coefficient),
    where,
  );
  const rising = [...terms].sort((a, b) => a.index - b.index);
  rising.forEach(({ index }, i) => {
    const isKnown = Number.isInteger(index) && index >= 0 && index < size;
    if (isKnown && index !== rising[i - 1]?.index) return;
    throw new PoliceError({
      code: isKnown ? 'invalid-option' : 'shape',
      where,
      expected: isKnown ? 'each named once' : `an index below ${size}`,
      actual: `${index}${isKnown ? ' twice' : ''}`,
    });
  });
  return rising;
}
