import {
  type Activation,
  ball,
  box,
  boxAround,
  crossPolytope,
  ellipsoid,
  regularPolygon,
  simplex,
  vPolytope,
  zonotope,
} from '@police/core';
import { activationByName } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bodyOnDevice } from '../src/device/body.js';
import { DeviceConstants } from '../src/device/constants.js';
import { devicePieces } from '../src/device/pieces.js';
import { shiftOnDevice } from '../src/device/shift-on-device.js';
import { shiftOp } from '../src/frames/shift-op.js';
import { channelSharing } from '../src/graph/convolution.js';
import type { BiasSharing } from '../src/graph/node.js';
import { FLOAT32_ROUNDOFF, largest, largestDifference, seededRng } from './helpers.js';

/** Regions whose coordinates are binary fractions: with such frames, both rules compute without rounding, ties included. */
export const exactRegions = {
  box: () => box([-1, -1], [1, 2]),
  'flat box': () => box([-1, 1], [1, 1]),
  point: () => boxAround([1, 1], 0),
  zonotope: () =>
    zonotope(
      [0, 1],
      [
        [1, 0],
        [1, 1],
        [0, 2],
      ],
    ),
  'cross-polytope': () => crossPolytope([0, 0], 1),
  triangle: () =>
    simplex([
      [0, 0],
      [1, 0],
      [0, 1],
    ]),
  'another triangle': () =>
    simplex([
      [2, 2],
      [8, 2],
      [1, 9],
    ]),
  segment: () =>
    vPolytope([
      [0, 0],
      [1, 1],
    ]),
  'a diamond with duplicates': () =>
    vPolytope([
      [0, 0],
      [4, 0],
      [0, 4],
      [-4, 0],
      [0, -4],
      [4, 0],
      [4, 0],
    ]),
  'a symmetric diamond': () =>
    vPolytope([
      [0, 0],
      [4, 0],
      [0, 4],
      [-4, 0],
      [0, -4],
    ]),
  'ball of one direction': () => ball([1], 2),
};

/** Regions that no binary fractions describe. */
const roundedRegions = {
  'ball in space': () => ball([0.1, 0.2, 0.3], 0.7),
  ellipsoid: () =>
    ellipsoid(
      [0.1, 0],
      [
        [2, 0.5],
        [0.5, 1],
      ],
    ),
  'regular polygon': () => regularPolygon(7, [0.1, 0.2], 0.9),
  'polygon of many corners': () => regularPolygon(40),
  'box in space': () => boxAround([0.1, 0.2, 0.3], [0.3, 0.7, 1.1]),
  'simplex in space': () =>
    simplex([
      [0.1, 0, 0],
      [1.2, 0.1, 0],
      [0, 1.3, 0.2],
      [0.3, 0.1, 1.7],
    ]),
};

const regionsByName = Object.fromEntries(
  Object.entries({ ...exactRegions, ...roundedRegions }).map(([name, make]) => [name, make()]),
);

/** Whether a product with it is exact for such frames. */
const isFraction = (x: number): boolean => Number.isInteger(8 * x);

const activations: readonly Activation[] = [
  activationByName('relu'),
  activationByName('leakyRelu', { alpha: 0.25 }),
  activationByName('abs'),
  activationByName('relu6'),
  activationByName('hardTanh'),
  activationByName('hardSwish'),
  activationByName('elu'),
];

const layouts: Readonly<Record<string, { shape: readonly number[]; sharing?: BiasSharing }>> = {
  'per unit': { shape: [4] },
  'per position': { shape: [2, 2] },
  'per channel': { shape: [2, 2], sharing: channelSharing([2, 2], false) },
  'per channel in front': { shape: [2, 2], sharing: channelSharing([2, 2], true) },
};

const policies = ['sticky', 'minimal', 'majority'] as const;

interface Case {
  /** By name. */
  readonly regions: readonly string[];
  readonly activation: Activation;
  readonly policy: (typeof policies)[number];
  readonly shape: readonly number[];
  readonly sharing?: BiasSharing | undefined;
  readonly frames: Float32Array;
  readonly bias: Float32Array | undefined;
  readonly alpha: Float32Array | undefined;
  readonly previous: Int8Array;
  readonly isLast: boolean;
  /** Of what the results are weighed by in the loss. */
  readonly seed: number;
}

const UNITS = 4;

const rowsOf = (regions: readonly string[]): number =>
  regions.reduce((sum, name) => sum + regionsByName[name].frame.rows, 0);

/** Small binary fractions, so that sums and most ties are exact. */
export const fraction = fc.integer({ min: -32, max: 32 }).map(n => n / 8);

const cases = (regionsOf: fc.Arbitrary<readonly string[]>, value: fc.Arbitrary<number>): fc.Arbitrary<Case> =>
  fc
    .record({
      regions: regionsOf,
      activation: fc.constantFrom(...activations),
      policy: fc.constantFrom(...policies),
      layout: fc.constantFrom(...Object.values(layouts)),
      isLast: fc.boolean(),
      hasBias: fc.boolean(),
      isPrelu: fc.boolean(),
      seed: fc.integer({ min: 1, max: 1e6 }),
    })
    .chain(({ regions, activation, layout, hasBias, isPrelu, seed, ...rest }) => {
      const rows = rowsOf(regions);
      const constraints = regions.length * activation.kinks.length;
      const array = (length: number, of: fc.Arbitrary<number>) =>
        fc.array(of, { minLength: length, maxLength: length });
      return fc
        .record({
          frames: array(rows * UNITS, value),
          bias: array(layout.sharing ? 2 : UNITS, value),
          alpha: array(UNITS, fraction),
          previous: array(constraints * UNITS, fc.constantFrom(-1, 0, 1)),
        })
        .map(numbers => {
          const alpha = isPrelu && activation.name === 'relu' ? Float32Array.from(numbers.alpha) : undefined;
          return {
            ...rest,
            ...layout,
            regions,
            alpha,
            activation: alpha ? activationByName('prelu', { alpha }) : activation,
            frames: Float32Array.from(numbers.frames),
            bias: hasBias ? Float32Array.from(numbers.bias) : undefined,
            previous: Int8Array.from(numbers.previous),
            seed,
          };
        });
    });

interface Outcome {
  readonly c: Float32Array;
  readonly sides: number[];
  readonly frames: Float32Array;
  readonly gradients: Float32Array[];
}

/** Of one activation, as tensors. */
type Run = {
  readonly c: tf.Tensor;
  readonly sides: tf.Tensor;
  readonly frames?: tf.Tensor | undefined;
};

/** What an operation gives, and the gradients of a weighted sum of it: read once all of it is asked for, which webgpu is quick at. */
async function outcomeOf(
  given: Case,
  run: (h: { frames: tf.Tensor; bias?: tf.Tensor; alpha?: tf.Tensor }) => Run,
): Promise<Outcome> {
  const tensors = tf.tidy(() => tensorsOf(given, run));
  const read = await Promise.all(tensors.map(tensor => tensor.data<'float32'>()));
  for (const tensor of tensors) tensor.dispose();
  const [c, sides, frames, ...gradients] = read;
  return { c, sides: Array.from(sides), frames, gradients };
}

/** Shifts, sides, frames after it (none after a last one), and gradients. */
function tensorsOf(
  { regions, shape, sharing, frames, bias, alpha, seed }: Case,
  run: (h: { frames: tf.Tensor; bias?: tf.Tensor; alpha?: tf.Tensor }) => Run,
): tf.Tensor[] {
  const rows = rowsOf(regions);
  const biasShape = sharing ? [...sharing.shape] : [...shape];
  const inputs = [
    tf.tensor(frames, [rows, ...shape]),
    ...(bias ? [tf.tensor(bias, biasShape)] : []),
    ...(alpha ? [tf.tensor(alpha, [...shape])] : []),
  ];
  const rng = seededRng(seed);
  const weights = Float32Array.from({ length: (rows + 1) * UNITS }, () => Math.round(16 * rng() - 8) / 4);
  let results: tf.Tensor[] = [];
  const gradients = tf.grads((...given: tf.Tensor[]) => {
    const [x, ...others] = given;
    const found = run({
      frames: x,
      ...(bias ? { bias: others[0] } : {}),
      ...(alpha ? { alpha: others.at(-1)! } : {}),
    });
    // Beyond the tape's own scope.
    results = [found.c, found.sides, found.frames ?? tf.zeros([0])].map(x => tf.keep(tf.clone(x)));
    const share = (y: tf.Tensor, from: number) =>
      tf.sum(tf.mul(y, tf.tensor(weights.slice(from, from + y.size), y.shape)));
    const ofShift = share(found.c, 0);
    return found.frames ? tf.add(ofShift, share(found.frames, UNITS)) : ofShift;
  })(inputs);
  return [...results, ...gradients];
}

const byCore = (given: Case): Promise<Outcome> =>
  outcomeOf(given, h => {
    const { activation, previous, isLast, policy, sharing } = given;
    const regions = given.regions.map(name => regionsByName[name]);
    const site = {
      policy,
      activation: () => activation,
      sharing,
      ...(sharing ? { biasSharing: sharing } : {}),
      where: 'a layer',
    };
    const { c, shifts, frames } = shiftOp(h, {
      site,
      activation,
      regions,
      previous,
      margins: undefined,
      isLast,
    });
    return { c, sides: tf.tensor1d(Float32Array.from(shifts.sides)), frames };
  });

function onDevice(given: Case, constants: DeviceConstants): Promise<Outcome> {
  return outcomeOf(given, h => {
    const { activation, policy, sharing, previous, isLast } = given;
    const regions = given.regions.map(name => regionsByName[name]);
    const { c, sides, frames } = shiftOnDevice(h, {
      policy,
      kinks: activation.kinks,
      pieces: devicePieces(activation),
      sharing,
      bodies: regions.map((region, r) => bodyOnDevice(region, constants, `region ${r}`)!),
      rows: regions.map(({ frame }) => frame.rows),
      previous: tf.tensor2d(Float32Array.from(previous), [previous.length / UNITS, UNITS]),
      isLast,
      constants,
    });
    return { c, sides, frames };
  });
}

/** Core’s, on the processor, and the device’s. */
export async function coreAndDevice<T>(
  byCore: () => Promise<T>,
  onDevice: (constants: DeviceConstants) => Promise<T>,
): Promise<[T, T]> {
  const backend = tf.getBackend();
  await tf.setBackend('cpu');
  const core = await byCore();
  await tf.setBackend(backend);
  const constants = new DeviceConstants();
  const device = await onDevice(constants);
  constants.dispose();
  return [core, device];
}

const both = (given: Case): Promise<[Outcome, Outcome]> =>
  coreAndDevice(
    () => byCore(given),
    constants => onDevice(given, constants),
  );

/** −0 is 0. */
export const plain = (values: ArrayLike<number>): number[] => Array.from(values, x => x + 0);

/**
 * A bound on the rounding of any sum that either rule computes of a case: as many roundings as a column has values, and some, of numbers no larger
 * than all that a column adds up to.
 */
function roundingOf({ regions, frames, bias = new Float32Array(0) }: Case): number {
  const rows = rowsOf(regions);
  const reach = regions.reduce(
    (most, name) => Math.max(most, largest(regionsByName[name].body.points?.data ?? [1])),
    1,
  );
  const size = largest(frames) * rows * reach + largest(bias);
  return (rows + 8) * FLOAT32_ROUNDOFF * size;
}

/** Whether rounding may decide: where an interval ends near 0, or two about equally far from it. */
function isNearTie({ regions, activation, frames, bias, sharing, shape }: Case, tolerance: number): boolean {
  const ends: number[][] = Array.from({ length: UNITS }, () => []);
  let start = 0;
  for (const name of regions) {
    const region = regionsByName[name];
    const { rows } = region.frame;
    const data = Float64Array.from(frames.subarray(start * UNITS, (start + rows) * UNITS));
    start += rows;
    for (let j = 0; j < UNITS; j++) data[j] += bias?.[sharing ? sharing.groups[j] : j] ?? 0;
    const { lo, hi } = region.range({ rows, cols: UNITS, data });
    for (const kink of activation.kinks)
      ends.forEach((of, j) => {
        of.push(kink.lo - hi[j], kink.hi - lo[j]);
      });
  }
  expect(shape.reduce((product, n) => product * n, 1)).toBe(UNITS);
  const groups = sharing ? [ends.flat()] : ends;
  return groups.some(of =>
    of.some(
      (a, i) =>
        Math.abs(a) < tolerance ||
        of.some((b, k) => k < i && Math.abs(Math.abs(a) - Math.abs(b)) < tolerance),
    ),
  );
}

/** Values that no two are equal of, by chance. */
function withRandomValues(given: Case): Case {
  const rng = seededRng(given.seed);
  const random = (values: Float32Array) => Float32Array.from(values, () => 4 * rng() - 2);
  return { ...given, frames: random(given.frames), bias: given.bias && random(given.bias) };
}

/** How many cases of each law: reading takes a device long. */
export interface RuleRuns {
  readonly exact: number;
  readonly rounded: number;
}

/** The rule on the device is core’s, on the backend in use. */
export function ruleLaws({ exact, rounded }: RuleRuns): void {
  const oneOf = fc.constantFrom(...Object.keys(exactRegions));

  describe('the rule on the device is core’s', () => {
    test.each(Object.keys(exactRegions))('%s has coordinates without rounding', name => {
      const { body } = regionsByName[name];
      expect(body.unitBall !== undefined || body.points!.data.every(isFraction)).toBe(true);
    });

    test.each([1, 2, 3])('to the bit where nothing rounds, ties included: %i regions', count =>
      fc.assert(
        fc.asyncProperty(
          cases(fc.array(oneOf, { minLength: count, maxLength: count }), fraction),
          async given => {
            const [core, device] = await both(given);
            expect(plain(device.c)).toEqual(plain(core.c));
            expect(device.sides).toEqual(core.sides);
            expect(plain(device.frames)).toEqual(plain(core.frames));
            expect(device.gradients.map(plain)).toEqual(core.gradients.map(plain));
          },
        ),
        { numRuns: exact },
      ),
    );

    test.each([1, 2])('to rounding on any region: %i regions', async count => {
      const any = fc.constantFrom(...Object.keys(regionsByName));
      const away = cases(fc.array(any, { minLength: count, maxLength: count }), fraction)
        .map(withRandomValues)
        // Votes of vertices are compared above.
        .filter(given => given.policy !== 'majority' && !isNearTie(given, roundingOf(given)));
      await fc.assert(
        fc.asyncProperty(away, async given => expectToRounding(given, ...(await both(given)))),
        { numRuns: rounded },
      );
    });
  });
}

function expectToRounding(given: Case, core: Outcome, device: Outcome): void {
  const tolerance = roundingOf(given);
  expect(device.sides).toEqual(core.sides);
  expect(largestDifference(device.c, core.c)).toBeLessThan(tolerance);
  const steepest = Math.max(1, largest(given.alpha ?? []));
  expect(largestDifference(device.frames, core.frames)).toBeLessThan(
    steepest * (tolerance + 8 * FLOAT32_ROUNDOFF),
  );
  // A gradient is a sum of weights of at most 2, times slopes and coordinates.
  const terms = (rowsOf(given.regions) + 1) * UNITS;
  device.gradients.forEach((gradient, i) => {
    const scale = 2 * terms * steepest * Math.max(1, largest(given.frames));
    expect(largestDifference(gradient, core.gradients[i])).toBeLessThan(terms * FLOAT32_ROUNDOFF * scale);
  });
}
