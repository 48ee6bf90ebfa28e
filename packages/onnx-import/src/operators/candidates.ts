import type { NetworkBuilder } from '../builder.js';

/** Entries of a node, by number. */
export interface Picked {
  readonly node: string;
  readonly entries: Int32Array;
}

/** Entries of a node plus constants: `x[entries[w]] + offset[w]`. */
export interface Raised extends Picked {
  readonly offset: Float64Array;
}

/** Where a node's entries come from, back over all that only picks entries. */
export function sourceOf(builder: NetworkBuilder, node: string, size: number): Picked {
  let source: Picked = { node, entries: Int32Array.from({ length: size }, (_, i) => i) };
  for (;;) {
    const at = builder.affineAt(source.node);
    if (at?.operator.kind !== 'gather') return source;
    const { index } = at.operator;
    const entries = source.entries.map(entry => index[entry]);
    if (entries.some(entry => entry < 0)) return source;
    source = { node: at.input, entries };
  }
}

/** A node read as another's entries plus constants, if that is what it is. */
export function raisedEntries(builder: NetworkBuilder, node: string): Raised | undefined {
  const added = builder.affineAt(node);
  if (added?.operator.kind !== 'scale' || !added.operator.offset || added.operator.factor) return undefined;
  const offset = added.operator.bias;
  return { ...sourceOf(builder, added.input, offset.length), offset };
}
