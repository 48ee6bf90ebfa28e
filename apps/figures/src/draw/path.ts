import { distanceToSegment, type Point } from '@police/common/plane';

/** Pixels that a drawn line may lie off the computed one. */
const TOLERANCE = 0.1;

/** The `d` of an SVG path along lines (`closed`: around them), with the points that make no visible difference left out. */
export function pathOf(lines: readonly (readonly Point[])[], closed: boolean): string {
  return lines
    .map(line => simplified(line))
    .filter(line => line.length > (closed ? 3 : 1))
    .map(line => `${relative(line)}${closed ? 'z' : ''}`)
    .join('');
}

/** In steps of a hundredth of a pixel, each from the rounded point before it. */
function relative(line: readonly Point[]): string {
  const rounded = line.map(([x, y]) => [Math.round(100 * x), Math.round(100 * y)]);
  return rounded
    .map(([x, y], i) => {
      if (i === 0) return `M${number(x)},${number(y)}`;
      const [dx, dy] = [x - rounded[i - 1][0], y - rounded[i - 1][1]];
      return `${i === 1 ? 'l' : dx < 0 ? '' : ' '}${number(dx)}${dy < 0 ? '' : ','}${number(dy)}`;
    })
    .join('');
}

/** Hundredths as a decimal without a leading zero. */
const number = (hundredths: number): string => `${hundredths / 100}`.replace(/^(-?)0\./, '$1.');

/** Ramer, Douglas and Peucker: the fewest points such that none left out is further than the tolerance from the line. */
export function simplified(line: readonly Point[], tolerance: number = TOLERANCE): Point[] {
  const keep = new Uint8Array(line.length);
  const spans: [number, number][] = [[0, line.length - 1]];
  while (spans.length > 0) {
    const [from, to] = spans.pop()!;
    keep[from] = 1;
    keep[to] = 1;
    let [furthest, distance] = [-1, tolerance];
    for (let i = from + 1; i < to; i++) {
      const d = distanceToSegment(line[i], line[from], line[to]);
      if (d > distance) [furthest, distance] = [i, d];
    }
    if (furthest > 0) spans.push([from, furthest], [furthest, to]);
  }
  return line.filter((_, i) => keep[i] === 1);
}
