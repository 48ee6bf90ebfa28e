import { type ChordProbe, type Matrix, matrix, type Network, pointsAt, type Region } from '@police/core';

/**
 * Chords from a region's frame origin to the points where the network's first pre-activations are extreme. There a network that
 * is not affine bends first; in many dimensions chords of random directions come nowhere near.
 */
export function extremeChords(region: Region, net: Network): ChordProbe {
  const first = net.nodes.find(({ kind }) => kind === 'affine');
  if (first?.kind !== 'affine') throw new Error('a network with an affine layer');
  const frame = first.operator.linear(region.frame);
  const ends = [-1, 1].flatMap(side => {
    const sides = new Int8Array(frame.cols).fill(side);
    return rowsOf(pointsAt(region, region.extremes(frame, sides)));
  });
  const [origin] = rowsOf(region.frame);
  const middles = ends.map(end => end.map((x, k) => (x + origin[k]) / 2));
  const points = [origin, ...ends, ...middles];
  return {
    points: matrix(points.length, region.size, Float64Array.from(points.flatMap(row => [...row]))),
    residual: values => {
      const [start, ...others] = rowsOf(values);
      let largest = 0;
      ends.forEach((_, i) => {
        const [end, middle] = [others[i], others[i + ends.length]];
        end.forEach((y, k) => {
          largest = Math.max(largest, Math.abs(middle[k] - (start[k] + y) / 2));
        });
      });
      return largest;
    },
  };
}

const rowsOf = ({ rows, cols, data }: Matrix): Float64Array[] =>
  Array.from({ length: rows }, (_, i) => data.subarray(i * cols, (i + 1) * cols));
