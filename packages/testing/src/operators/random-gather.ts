import { operators, type Rng } from '@police/core';
import { pick } from '../helpers.js';
import { integer } from './oracles.js';

const { gather, gatherAlong, pad, reshape, resizeNearest, sizeOf, slice, transpose } = operators;
type CoordinateMode = operators.CoordinateMode;
type Gather = operators.Gather;
type NearestMode = operators.NearestMode;
type PadMode = operators.PadMode;

export const coordinateModes: CoordinateMode[] = [
  'half_pixel',
  'pytorch_half_pixel',
  'asymmetric',
  'align_corners',
];
export const nearestModes: NearestMode[] = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'];

export function randomShape(rng: Rng): number[] {
  return Array.from({ length: integer(rng, 1, 4) }, () => integer(rng, 1, 4));
}

function randomGather(rng: Rng): Gather {
  const inSize = integer(rng, 1, 12);
  const index = Int32Array.from({ length: 2 * integer(rng, 1, 10) }, () => integer(rng, -1, inSize - 1));
  const outShape = pick(rng, [[index.length], [2, index.length / 2]]);
  return gather({ inSize, index, fill: pick(rng, [0, rng()]), outShape });
}

function randomTranspose(rng: Rng): Gather {
  const shape = randomShape(rng);
  const keys = shape.map(() => rng());
  return transpose(
    shape,
    shape.map((_, i) => i).sort((a, b) => keys[a] - keys[b]),
  );
}

function randomPad(rng: Rng): Gather {
  const shape = randomShape(rng);
  const mode: PadMode = pick(rng, ['constant', 'edge', 'reflect']);
  const most = (size: number) => (mode === 'reflect' ? size - 1 : 2);
  const pads = [...shape, ...shape].map(size => integer(rng, size > 2 ? -1 : 0, most(size)));
  return pad(shape, pads, 2 * rng() - 1, mode);
}

function randomSlice(rng: Rng): Gather {
  const shape = randomShape(rng);
  const axes = shape.map((_, axis) => axis).filter(() => rng() < 0.6);
  const bounds = axes.map(axis => {
    const size = shape[axis];
    const [from, to] = [integer(rng, 0, size - 1), integer(rng, 0, size - 1)];
    // Every way to write a bound: from either end, beyond the border, without end.
    return from <= to
      ? {
          start: pick(rng, [from, from - size]),
          end: pick(
            rng,
            to === size - 1 ? [size, size + 3, Number.POSITIVE_INFINITY] : [to + 1, to + 1 - size],
          ),
          step: integer(rng, 1, 3),
        }
      : {
          start: pick(rng, from === size - 1 ? [from, size + 2] : [from, from - size]),
          end: pick(rng, to === 0 ? [-size - 1, Number.NEGATIVE_INFINITY] : [to - 1, to - 1 - size]),
          step: -integer(rng, 1, 3),
        };
  });
  return slice(shape, {
    starts: bounds.map(({ start }) => start),
    ends: bounds.map(({ end }) => end),
    axes: axes.map(axis => pick(rng, [axis, axis - shape.length])),
    steps: bounds.map(({ step }) => step),
  });
}

function randomGatherAlong(rng: Rng): Gather {
  const shape = randomShape(rng);
  const axis = integer(rng, 0, shape.length - 1);
  const indices = Array.from({ length: integer(rng, 1, 5) }, () =>
    integer(rng, -shape[axis], shape[axis] - 1),
  );
  return gatherAlong(shape, pick(rng, [axis, axis - shape.length]), indices);
}

function randomResizeNearest(rng: Rng): Gather {
  const shape = randomShape(rng);
  const coordinates = pick(rng, coordinateModes);
  const rounding = pick(rng, nearestModes);
  const to = pick(rng, [
    { outShape: shape.map(() => integer(rng, 1, 9)) },
    { outShape: shape.map((size, axis) => (axis === 0 ? size : size * integer(rng, 1, 4))) },
    { scales: shape.map(size => (size === 1 ? 1 : 0.5) + 3 * rng()) },
  ]);
  return resizeNearest(shape, { ...to, coordinates, rounding });
}

/** A random operator that moves entries, bare or made by each function that makes one. */
export const randomGathers: Readonly<Record<string, (rng: Rng) => Gather>> = {
  gather: randomGather,
  reshape: rng => {
    const shape = randomShape(rng);
    return reshape(shape, pick(rng, [[sizeOf(shape)], [...shape].reverse(), [1, ...shape], shape]));
  },
  transpose: randomTranspose,
  pad: randomPad,
  slice: randomSlice,
  gatherAlong: randomGatherAlong,
  resizeNearest: randomResizeNearest,
};
