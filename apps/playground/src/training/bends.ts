import type { Matrix, Network } from '@police/core';
import { forwardValues } from '@police/core/adapter';

/** Where units change sides: for each point of a `side` × `side` grid, how many differ from the point right of or below it. */
export function bendsOf(net: Network, points: Matrix, side: number): Uint8Array {
  const values = forwardValues(net, points);
  const bends = new Uint8Array(side * side);
  for (const node of net.nodes) {
    if (node.kind !== 'activation') continue;
    const { data, cols } = values.get(node.input)!;
    const shift = node.shift ?? new Float64Array(cols);
    const isAbove = (row: number, j: number) => data[row * cols + j] + shift[j] > 0;
    for (let row = 0; row < side - 1; row++) {
      for (let column = 0; column < side - 1; column++) {
        const at = row * side + column;
        for (let j = 0; j < cols; j++) {
          const here = isAbove(at, j);
          if (here !== isAbove(at + 1, j) || here !== isAbove(at + side, j)) bends[at]++;
        }
      }
    }
  }
  return bends;
}
