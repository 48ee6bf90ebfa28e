import { register } from '@police/tfjs-wasm-training';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { agrees, excess, law, on, ROUNDING, random, sizes, useBackend } from './helpers.js';

beforeAll(() => register());

type Rounding = 'floor' | 'ceil' | 'round' | undefined;
type Pad = 'same' | 'valid' | number | tf.backend_util.ExplicitPadding;

interface Window {
  image: [number, number, number, number];
  filter: [number, number];
  outChannels: number;
  strides: [number, number];
  dilations: [number, number];
  pad: Pad;
  rounding: Rounding;
}

const explicit = fc.tuple(sizes(2, 0), sizes(2, 0), sizes(2, 0), sizes(2, 0)).map(
  ([top, bottom, left, right]): tf.backend_util.ExplicitPadding => [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ],
);

/** Any window that has a place: paddings in words and numbers, of all roundings, of filters and strides that are not square. */
const windows: fc.Arbitrary<Window> = fc
  .record({
    image: fc.tuple(sizes(2), sizes(7), sizes(7), sizes(3)),
    filter: fc.tuple(sizes(3), sizes(3)),
    outChannels: sizes(3),
    strides: fc.oneof(
      fc.constantFrom<[number, number]>([1, 1], [2, 2], [3, 3]),
      fc.tuple(sizes(3), sizes(3)),
    ),
    dilations: fc.constantFrom<[number, number]>([1, 1], [2, 2], [1, 2]),
    pad: fc.oneof(fc.constantFrom<Pad>('same', 'valid'), sizes(2, 0), explicit),
    rounding: fc.constantFrom<Rounding>(undefined, 'floor', 'ceil', 'round'),
  })
  .map(w => ({
    ...w,
    rounding: typeof w.pad === 'string' ? undefined : w.rounding, // core refuses both
    dilations: Math.max(...w.strides) > 1 ? ([1, 1] as [number, number]) : w.dilations, // and both
  }))
  .filter(w => infoOf(w, w.dilations).outShape.every(size => size > 0));

const infoOf = (w: Window, dilations: [number, number] = [1, 1], rounding = w.rounding) =>
  tf.backend_util.computeConv2DInfo(
    w.image,
    [...w.filter, w.image[3], w.outChannels],
    w.strides,
    dilations,
    w.pad,
    rounding,
  );

const imageOf = (w: Window, seed = 1) => random(w.image, seed) as tf.Tensor4D;
const filterOf = (w: Window, channels = w.outChannels) =>
  random([...w.filter, w.image[3], channels], 2) as tf.Tensor4D;
const TERMS = 3 * 3 * 3;

test('convolutions of any padding, rounding and stride', () =>
  law(
    windows,
    w =>
      agrees(TERMS, () => [
        tf.conv2d(imageOf(w), filterOf(w), w.strides, w.pad, 'NHWC', w.dilations, w.rounding),
        // cpu takes only equal strides of these.
        tf.depthwiseConv2d(
          imageOf(w),
          filterOf(w, 2),
          w.strides[0],
          Array.isArray(w.pad) ? 'same' : w.pad,
          'NHWC',
          w.strides[0] > 1 ? 1 : w.dilations,
          Array.isArray(w.pad) ? undefined : w.rounding,
        ),
      ]),
    300,
  ));

test('convolutions with channels first', () =>
  law(
    windows.filter(w => !Array.isArray(w.pad)),
    w => {
      const first = () => tf.transpose(imageOf(w), [0, 3, 1, 2]);
      const pad = w.pad as 'same' | 'valid' | number;
      return agrees(TERMS, () => [
        tf.conv2d(first(), filterOf(w), w.strides, pad, 'NCHW', w.dilations, w.rounding),
        tf.fused.conv2d({
          x: first(),
          filter: filterOf(w),
          strides: w.strides,
          pad,
          dataFormat: 'NCHW',
          dilations: w.dilations,
          ...(w.rounding ? { dimRoundingMode: w.rounding } : {}),
          bias: random([w.outChannels], 3) as tf.Tensor1D,
          activation: 'relu',
        }),
      ]);
    },
  ));

const activations = fc.constantFrom(
  'linear' as const,
  'relu' as const,
  'relu6' as const,
  'leakyrelu' as const,
  'sigmoid' as const,
  'elu' as const,
  'prelu' as const,
);

/** Shapes that are broadcast to [batch, …sizes]: one number, one for each channel, one for each row, one for each element. */
const broadcast = (outShape: number[]) => {
  const own = outShape.slice(1);
  const channels = own[own.length - 1];
  return [[], [1], [channels], [...own.slice(1).map(() => 1), channels], own, own.map((n, i) => (i ? 1 : n))];
};

test('fused convolutions with biases and weights of PReLU of all ranks', () =>
  law(
    fc.record({ w: windows, bias: fc.option(fc.nat()), weights: fc.nat(), activation: activations }),
    ({ w, bias, weights, activation }) => {
      const common = (outShape: number[]) => {
        const shapes = broadcast(outShape);
        const at = (index: number, seed: number) =>
          random(shapes[index % shapes.length], seed) as tf.Tensor3D;
        return {
          x: imageOf(w),
          strides: w.strides,
          pad: w.pad as 'same',
          dilations: w.dilations,
          ...(w.rounding ? { dimRoundingMode: w.rounding } : {}),
          ...(bias === null ? {} : { bias: at(bias, 3) }),
          activation,
          ...(activation === 'prelu' ? { preluActivationWeights: at(weights, 4) } : {}),
          ...(activation === 'leakyrelu' ? { leakyreluAlpha: 0.3 } : {}),
        };
      };
      const depth = infoOf({ ...w, outChannels: 2 * w.image[3] }, w.dilations).outShape;
      const square = w.strides[0] === w.strides[1] && w.dilations[0] === w.dilations[1];
      return agrees(TERMS + 2, () => [
        tf.fused.conv2d({ ...common(infoOf(w, w.dilations).outShape), filter: filterOf(w) }),
        ...(square ? [tf.fused.depthwiseConv2d({ ...common(depth), filter: filterOf(w, 2) })] : []),
      ]);
    },
    200,
  ));

test('pools of any padding, rounding and stride, of int32 too, of windows without a pixel', () =>
  law(
    windows,
    w => {
      if (infoOf(w).outShape.some(size => size <= 0)) return Promise.resolve();
      const { filter, strides, pad, rounding } = w;
      const integers = () => tf.cast(tf.mul(imageOf(w), 50), 'int32') as tf.Tensor4D;
      return agrees(TERMS, () => [
        tf.maxPool(imageOf(w), filter, strides, pad, rounding),
        tf.maxPool(integers(), filter, strides, pad, rounding),
        tf.avgPool(imageOf(w), filter, strides, pad, rounding),
      ]);
    },
    300,
  ));

test('a window larger than the image has no place', async () => {
  await useBackend('wasm');
  const x = random([2, 3, 1, 2]) as tf.Tensor4D;
  const filter = random([2, 2, 2, 3]) as tf.Tensor4D;
  expect(tf.conv2d(x, filter, 1, 'valid').shape).toEqual([2, 2, 0, 3]);
  expect(tf.maxPool(x, 2, 1, 'valid').shape).toEqual([2, 2, 0, 2]);
  expect(tf.avgPool(x, 2, 1, 'valid').shape).toEqual([2, 2, 0, 2]);
});

const inner = (a: tf.Tensor, b: tf.Tensor): number => tf.tidy(() => tf.sum(tf.mul(a, b)).dataSync()[0]);

/**
 * `⟨dy, f(x)⟩ = ⟨f'(x)ᵀ dy, x⟩` for f of degree 1 in x: averages and maxima. As a multiple of what rounding explains.
 */
function eulerGap(f: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor, terms: number): number {
  return tf.tidy(() => {
    const y = f(x);
    const dy = random(y.shape, 5);
    const dx = tf.grad(f)(x, dy);
    const scale = inner(tf.abs(y), tf.abs(dy)) + inner(tf.abs(dx), tf.abs(x));
    return Math.abs(inner(y, dy) - inner(dx, x)) / (scale * 2 ** -24 * terms || 1);
  });
}

test('gradients of pools that are rounded either way, which cpu leaves the last windows out of', async () => {
  await useBackend('wasm');
  await law(
    windows,
    async w => {
      const info = infoOf(w);
      const empty = [info.outHeight, info.outWidth].map((places, axis) => {
        const before = [info.padInfo.top, info.padInfo.left][axis];
        return before >= w.filter[axis] || (places - 1) * w.strides[axis] - before >= w.image[1 + axis];
      });
      if (empty.some(Boolean) || info.outShape.some(size => size <= 0)) return; // NaN and −∞
      // A copy on every backend, also of the pixels that a stride passes by, which get no gradient on any.
      const isCopy =
        Math.max(...w.filter) === 1 && w.image.every((n, i) => i === 3 || n === info.outShape[i]);
      if (isCopy && Math.max(...w.strides) > 1) return;
      const { filter, strides, pad, rounding } = w;
      const pools = [tf.avgPool, tf.maxPool].map(
        pool => (x: tf.Tensor) => pool(x as tf.Tensor4D, filter, strides, pad, rounding),
      );
      const x = imageOf(w);
      for (const pool of pools) expect(eulerGap(pool, x, x.size + 16)).toBeLessThan(ROUNDING);
      x.dispose();
    },
    200,
  );
});

test('gradients of convolutions are adjoint, or refused where core does not say how they were rounded', async () => {
  await useBackend('wasm');
  let refused = 0;
  await law(
    windows,
    async w => {
      const { strides, pad, rounding } = w;
      const [info, plain] = [infoOf(w), infoOf({ ...w, rounding: undefined })];
      if ([...info.outShape, ...plain.outShape].some(size => size <= 0)) return;
      const convolution = (x: tf.Tensor, filter: tf.Tensor) =>
        tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, strides, pad, 'NHWC', 1, rounding);
      const [x, filter] = [imageOf(w), filterOf(w)];
      const gaps = () => [
        eulerGap(one => convolution(one, filter), x, x.size * w.outChannels + 16),
        eulerGap(one => convolution(x, one), filter, x.size + filter.size + 16),
      ];
      if (tf.util.arraysEqual(info.outShape, plain.outShape)) {
        for (const gap of gaps()) expect(gap).toBeLessThan(ROUNDING);
      } else {
        refused++;
        const y = convolution(x, filter);
        expect(() => tf.grad(one => convolution(one, filter))(x, y)).toThrow(/dimRoundingMode/);
        expect(() => tf.grad(one => convolution(x, one))(filter, y)).toThrow(/dimRoundingMode/);
        y.dispose();
      }
      tf.dispose([x, filter]);
    },
    200,
  );
  expect(refused).toBeGreaterThan(0);
});

test('what the refusal advises is the same convolution, and has a gradient', async () => {
  await useBackend('wasm');
  const [x, filter] = [random([1, 6, 6, 1]) as tf.Tensor4D, random([3, 3, 1, 1], 2) as tf.Tensor4D];
  const up = tf.conv2d(x, filter, 2, 0, 'NHWC', 1, 'ceil');
  const pad: tf.backend_util.ExplicitPadding = [
    [0, 0],
    [0, 1],
    [0, 1],
    [0, 0],
  ];
  const advised = (one: tf.Tensor) => tf.conv2d(one as tf.Tensor4D, filter, 2, pad);
  expect(advised(x).dataSync()).toEqual(up.dataSync());
  expect(eulerGap(advised, x, 64)).toBeLessThan(ROUNDING);
});

test('a transposed convolution of other sizes than its geometry has is cpu’s, or refused', async () => {
  const tally = { equal: 0, refused: 0 };
  await law(
    fc.record({ w: windows, height: sizes(6), width: sizes(6) }).filter(({ w }) => !Array.isArray(w.pad)),
    async ({ w, height, width }) => {
      const { image, strides, rounding } = w;
      const pad = w.pad as 'same' | 'valid' | number;
      const shape = [image[0], height, width, w.outChannels];
      const body = () => [
        tf.conv2dTranspose(random(shape) as tf.Tensor4D, filterOf(w), image, strides, pad, rounding),
      ];
      const down = infoOf(w);
      const up = infoOf(w, [1, 1], rounding ?? 'ceil');
      const sizesOf = ({ outHeight, outWidth }: typeof down) =>
        [outHeight, outWidth].map(n => Math.max(0, n));
      const [least, greatest] = [sizesOf(down), sizesOf(up)];
      const tooSmall = height < least[0] || width < least[1];
      const fits = [height, width].every((n, axis) => n === least[axis] || n === greatest[axis]);
      const isPlain = height === least[0] && width === least[1];
      if (tooSmall || (fits && !isPlain)) {
        tally.refused++;
        await expect(on('wasm', body)).rejects.toThrow(/expected dy of shape/);
      } else {
        tally.equal++;
        expect(excess(await on('wasm', body), await on('cpu', body), TERMS)).toBeLessThan(ROUNDING);
      }
    },
    300,
  );
  expect(Math.min(tally.equal, tally.refused)).toBeGreaterThan(10);
});

test('the example of a transposed convolution that was wrong', async () => {
  const body = () => [
    tf.conv2dTranspose(
      tf.reshape(tf.range(0, 9), [1, 3, 3, 1]) as tf.Tensor4D,
      tf.ones([1, 1, 1, 1]),
      [1, 2, 2, 1],
      1,
      'same',
    ),
  ];
  expect((await on('wasm', body))[0].values).toEqual([0, 1, 3, 4]);
});

test('the gradient of such a transposed convolution to its filter and input', async () => {
  await useBackend('wasm');
  await law(
    fc.record({ w: windows, more: fc.tuple(sizes(2, 0), sizes(2, 0)) }),
    async ({ w, more }) => {
      const pad = typeof w.pad === 'string' ? w.pad : 'same';
      const info = infoOf({ ...w, pad, rounding: undefined });
      if (info.outShape.some(size => size <= 0)) return;
      const x = random([w.image[0], info.outHeight + more[0], info.outWidth + more[1], w.outChannels]);
      const filter = filterOf(w);
      const transposed = (one: tf.Tensor, by: tf.Tensor) =>
        tf.conv2dTranspose(one as tf.Tensor4D, by as tf.Tensor4D, w.image, w.strides, pad);
      const gap = eulerGap(by => transposed(x, by), filter, x.size + filter.size + 16);
      expect(gap).toBeLessThan(ROUNDING);
      // core's own gradient to the input has the shape of the geometry, so it is one only where x has it.
      if (more[0] + more[1] === 0)
        expect(eulerGap(one => transposed(one, filter), x, x.size + filter.size + 16)).toBeLessThan(ROUNDING);
      tf.dispose([x, filter]);
    },
    100,
  );
});

test('pools in three dimensions, rounded either way, and their gradients', async () => {
  await law(
    fc.record({
      w: windows.filter(w => !Array.isArray(w.pad)),
      depth: sizes(4),
      filterDepth: sizes(2),
    }),
    async ({ w, depth, filterDepth }) => {
      const [batch, height, width, channels] = w.image;
      const shape: [number, number, number, number, number] = [batch, depth, height, width, channels];
      const filter: [number, number, number] = [filterDepth, ...w.filter];
      const stride = w.strides[0];
      const pad = w.pad as 'same' | 'valid' | number;
      const info = tf.backend_util.computePool3DInfo(shape, filter, stride, 1, pad, w.rounding);
      const before = [info.padInfo.front, info.padInfo.top, info.padInfo.left];
      const places = [info.outDepth, info.outHeight, info.outWidth];
      if (places.some(n => n <= 0)) return;
      const pools = [tf.avgPool3d, tf.maxPool3d].map(
        pool => (x: tf.Tensor) => pool(x as tf.Tensor5D, filter, stride, pad, w.rounding),
      );
      await agrees(TERMS * 2, () => pools.map(pool => pool(random(shape))));
      const isEmpty = places.some(
        (n, axis) => before[axis] >= filter[axis] || (n - 1) * stride - before[axis] >= shape[1 + axis],
      );
      if (isEmpty) return; // NaN and −∞
      const x = random(shape);
      for (const pool of pools) expect(eulerGap(pool, x, x.size + 16)).toBeLessThan(ROUNDING);
      x.dispose();
    },
    150,
  );
});

test('a transposed convolution in three dimensions of other sizes than its geometry has is cpu’s, or refused', async () => {
  const tally = { equal: 0, refused: 0 };
  await law(
    fc.record({
      w: windows,
      given: fc.tuple(sizes(3), sizes(6), sizes(6)),
      pad: fc.constantFrom('same' as const, 'valid' as const),
    }),
    async ({ w, given, pad }) => {
      const [batch, height, width, channels] = w.image;
      const outShape: [number, number, number, number, number] = [batch, 3, height, width, channels];
      const filterShape: [number, number, number, number, number] = [2, ...w.filter, channels, w.outChannels];
      const strides: [number, number, number] = [1, ...w.strides];
      const info = tf.backend_util.computeConv3DInfo(outShape, filterShape, strides, 1, pad);
      const isSmall = [info.outDepth, info.outHeight, info.outWidth].some((n, axis) => given[axis] < n);
      const body = () => [
        tf.conv3dTranspose(
          random([batch, ...given, w.outChannels]) as tf.Tensor5D,
          random(filterShape, 2) as tf.Tensor5D,
          outShape,
          strides,
          pad,
        ),
      ];
      if (isSmall) {
        tally.refused++;
        await expect(on('wasm', body)).rejects.toThrow(/expected dy of shape/);
      } else {
        tally.equal++;
        expect(excess(await on('wasm', body), await on('cpu', body), 2 * TERMS)).toBeLessThan(ROUNDING);
      }
    },
    150,
  );
  expect(Math.min(tally.equal, tally.refused)).toBeGreaterThan(10);
});
