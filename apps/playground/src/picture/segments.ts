/** Told of each segment, in grid units: column, then row. */
export type OnSegment = (x1: number, y1: number, x2: number, y2: number) => void;

/**
 * Where a function with values `[side²]` on a square grid, row by row, is 0: marching squares, with straight pieces between neighbouring
 * points. Cells of which all corners are `hidden` are left out.
 */
export function eachSegment(
  above: Float32Array,
  side: number,
  onSegment: OnSegment,
  hidden?: Uint8Array,
): void {
  // Nearly all cells have corners of one sign: to see that by the sign bits takes a third of the time of comparing.
  const bits = new Int32Array(above.buffer, above.byteOffset, above.length);
  for (let row = 0; row < side - 1; row++) {
    for (let column = 0; column < side - 1; column++) {
      const i = row * side + column;
      const first = bits[i];
      if (((first ^ bits[i + 1]) | (first ^ bits[i + side]) | (first ^ bits[i + side + 1])) >= 0) continue;
      if (hidden && hidden[i] & hidden[i + 1] & hidden[i + side] & hidden[i + side + 1]) continue;
      crossCell(above[i], above[i + 1], above[i + side + 1], above[i + side], column, row, onSegment);
    }
  }
}

/** Where it is any of `levels`, ascending: the same for each, with its index first, in one look at the cells. */
export function eachContour(
  values: Float32Array,
  side: number,
  levels: readonly number[],
  onSegment: (level: number, ...segment: Parameters<OnSegment>) => void,
): void {
  // A point's rank is how many levels it has reached; between points of equal rank there is no line.
  const ranks = Uint8Array.from(values, y => {
    let rank = 0;
    while (y >= levels[rank]) rank++;
    return rank;
  });
  for (let row = 0; row < side - 1; row++) {
    for (let column = 0; column < side - 1; column++) {
      const i = row * side + column;
      const [a, b, c, d] = [ranks[i], ranks[i + 1], ranks[i + side + 1], ranks[i + side]];
      if (a === b && a === c && a === d) continue;
      const most = Math.max(a, b, c, d);
      for (let k = Math.min(a, b, c, d); k < most; k++) {
        const less = (at: number) => values[at] - levels[k];
        const join: OnSegment = (x1, y1, x2, y2) => onSegment(k, x1, y1, x2, y2);
        crossCell(less(i), less(i + 1), less(i + side + 1), less(i + side), column, row, join);
      }
    }
  }
}

/** Corner values clockwise from the top left one, less the level. */
function crossCell(
  a: number,
  b: number,
  c: number,
  d: number,
  column: number,
  row: number,
  join: OnSegment,
): void {
  // Where the sides are crossed, if they are: along the top and bottom one a column, along the others a row.
  const top = column + share(a, b);
  const right = row + share(b, c);
  const bottom = column + share(d, c);
  const left = row + share(a, d);
  const above = Number(a > 0) | (Number(b > 0) << 1) | (Number(c > 0) << 2) | (Number(d > 0) << 3);
  // The same corners below are the same line.
  switch (above > 7 ? 15 - above : above) {
    case 0:
      return; // a corner is 0, which has a sign bit of its own

    case 1:
      join(column, left, top, row);
      return;
    case 2:
      join(top, row, column + 1, right);
      return;
    case 3:
      join(column, left, column + 1, right);
      return;
    case 4:
      join(column + 1, right, bottom, row + 1);
      return;
    case 6:
      join(top, row, bottom, row + 1);
      return;
    case 7:
      join(bottom, row + 1, column, left);
      return;
  }
  // A saddle: the middle of the cell belongs to the corners a and c, or to the others.
  if (a + b + c + d > 0 === a > 0) {
    join(top, row, column + 1, right);
    join(bottom, row + 1, column, left);
  } else {
    join(column, left, top, row);
    join(column + 1, right, bottom, row + 1);
  }
}

const share = (from: number, to: number): number => from / (from - to);
