import type { Windows } from '@police/core';
import { pairLeads, windowsOf } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { liftedMax } from '../src/data/lifted-max.js';
import { bodyOnDevice } from '../src/device/body.js';
import type { DeviceConstants } from '../src/device/constants.js';
import { DeviceWindows } from '../src/device/maxima/device-windows.js';
import { liftOnDevice } from '../src/device/maxima/lift-on-device.js';
import { liftOp } from '../src/frames/lift-op.js';
import { coreAndDevice, exactRegions, fraction, plain } from './device-rule.js';
import { FLOAT32_ROUNDOFF, largest, largestDifference, seededRng } from './helpers.js';

const SIZE = 6;

const regionsByName = Object.fromEntries(Object.entries(exactRegions).map(([name, make]) => [name, make()]));

/** Windows that meet or do not, of one size or several, with an entry twice, of one entry. */
const layouts: Readonly<Record<string, readonly (readonly number[])[]>> = {
  'side by side': [
    [0, 1, 2],
    [3, 4, 5],
  ],
  overlapping: [
    [0, 1, 2],
    [1, 2, 3],
    [2, 3, 4, 5],
    [5, 0],
  ],
  'an entry twice, and one alone': [[0, 1, 0, 2], [4], [5, 3]],
  'all of them': [[5, 4, 3, 2, 1, 0]],
};

interface Case {
  readonly regions: readonly string[];
  readonly windows: Windows;
  readonly frames: Float32Array;
  /** Entries, −1 for none; absent for a policy that keeps none. */
  readonly previous: Int32Array | undefined;
  readonly seed: number;
}

const rowsOf = (regions: readonly string[]): number =>
  regions.reduce((sum, name) => sum + regionsByName[name].frame.rows, 0);

/** Finer ones, few of which tie. */
const fine = fc.integer({ min: -4096, max: 4096 }).map(n => n / 1024);

const cases = (count: number): fc.Arbitrary<Case> =>
  fc
    .record({
      regions: fc.array(fc.constantFrom(...Object.keys(exactRegions)), {
        minLength: count,
        maxLength: count,
      }),
      layout: fc.constantFrom(...Object.values(layouts)),
      isSticky: fc.boolean(),
      value: fc.constantFrom(fraction, fine),
      seed: fc.integer({ min: 1, max: 1e6 }),
    })
    .chain(({ regions, layout, isSticky, value, seed }) => {
      const size = rowsOf(regions) * SIZE;
      return fc
        .record({
          frames: fc.array(value, { minLength: size, maxLength: size }),
          kept: fc.tuple(...layout.map(list => fc.constantFrom(-1, ...list))),
        })
        .map(({ frames, kept }) => ({
          regions,
          windows: windowsOf(layout),
          frames: Float32Array.from(frames),
          previous: isSticky ? Int32Array.from(kept) : undefined,
          seed,
        }));
    });

interface Run {
  readonly lift: tf.Tensor;
  /** Numbered from 1, 0 for none. */
  readonly winner: tf.Tensor;
  readonly frames: tf.Tensor;
  /** Data through the lifted maximum, `[2, windows]`. */
  readonly data: tf.Tensor;
}

interface Outcome {
  readonly lift: Float32Array;
  readonly winner: Float32Array;
  readonly frames: Float32Array;
  readonly data: Float32Array;
  /** Of the frames, and of the data. */
  readonly gradients: readonly Float32Array[];
}

/** What a way gives, and the gradients of a weighted sum of it. */
async function outcomeOf(given: Case, run: (frames: tf.Tensor, data: tf.Tensor) => Run): Promise<Outcome> {
  const tensors = tf.tidy(() => {
    const rng = seededRng(given.seed);
    const random = (size: number) =>
      Float32Array.from({ length: size }, () => Math.round(16 * rng() - 8) / 4);
    const rows = rowsOf(given.regions);
    const data = random(2 * SIZE);
    let results: tf.Tensor[] = [];
    const gradients = tf.grads((frames: tf.Tensor, x: tf.Tensor) => {
      const found = run(frames, x);
      results = [found.lift, found.winner, found.frames, found.data].map(each => tf.keep(tf.clone(each)));
      const share = (y: tf.Tensor) => tf.sum(tf.mul(y, tf.tensor(random(y.size), y.shape)));
      return [found.frames, found.data].reduce(
        (sum: tf.Tensor, y) => tf.add(sum, share(y)),
        share(found.lift),
      );
    })([tf.tensor2d(given.frames, [rows, SIZE]), tf.tensor2d(data, [2, SIZE])]);
    return [...results, ...gradients];
  });
  const [lift, winner, frames, data, ...gradients] = await Promise.all(
    tensors.map(tensor => tensor.data<'float32'>()),
  );
  for (const tensor of tensors) tensor.dispose();
  return { lift, winner, frames, data, gradients };
}

const listsOf = ({ offsets, members }: Windows): number[][] =>
  Array.from({ length: offsets.length - 1 }, (_, w) => [...members.subarray(offsets[w], offsets[w + 1])]);

/** The plain maxima of data. */
function maximaOf(x: tf.Tensor, windows: Windows): tf.Tensor {
  const columns = tf.split(x, SIZE, 1);
  return tf.concat(
    listsOf(windows).map(list => list.map(entry => columns[entry]).reduce((a, b) => tf.maximum(a, b))),
    1,
  );
}

const shapeOf = ({ offsets }: Windows): number[] => [offsets.length - 1];

const byCore = (given: Case): Promise<Outcome> =>
  outcomeOf(given, (frames, data) => {
    const { windows, previous } = given;
    const regions = given.regions.map(name => regionsByName[name]);
    const found = liftOp(frames, shapeOf(windows), { regions, windows, previous, where: 'a layer' });
    const { winner } = found.chosen.lifts;
    return {
      lift: found.lift,
      winner: tf.tensor1d(Float32Array.from(winner, entry => entry + 1)),
      frames: found.frames,
      data: liftedMax(maximaOf(data, windows), data, windows, winner, found.lift),
    };
  });

const onDevice = (given: Case, constants: DeviceConstants): Promise<Outcome> =>
  outcomeOf(given, (frames, data) => {
    const regions = given.regions.map(name => regionsByName[name]);
    const windows = new DeviceWindows(given.windows, SIZE, constants, 'windows');
    const previous = given.previous && tf.tensor1d(Float32Array.from(given.previous, entry => entry + 1));
    const found = liftOnDevice(frames, shapeOf(given.windows), {
      windows,
      bodies: regions.map((region, r) => bodyOnDevice(region, constants, `region ${r}`)!),
      rows: regions.map(({ frame }) => frame.rows),
      previous,
      isLast: false,
      constants,
    });
    return { ...found, data: windows.lifted(maximaOf(data, given.windows), data, found.winner, found.lift) };
  });

const both = (given: Case): Promise<[Outcome, Outcome]> =>
  coreAndDevice(
    () => byCore(given),
    constants => onDevice(given, constants),
  );

/**
 * Whether float32 may take two leads for equal that float64 tells apart: those of pairs that lead alike, less the allowance for equal entries,
 * which is of a few roundings.
 */
function hasNearTie({ regions, windows, frames }: Case): boolean {
  let start = 0;
  const blocks = regions.map(name => {
    const region = regionsByName[name];
    const { rows } = region.frame;
    const data = Float64Array.from(frames.subarray(start * SIZE, (start + rows) * SIZE));
    start += rows;
    const reach = Array.from({ length: SIZE }, (_, entry) =>
      data.reduce((sum, x, i) => sum + (i % SIZE === entry ? Math.abs(x) : 0), 0),
    );
    return { leads: pairLeads(windows, region, { rows, cols: SIZE, data }), reach };
  });
  let pair = 0;
  return listsOf(windows).some(list => {
    const found = blocks.flatMap(({ leads, reach }) =>
      list.flatMap((a, i) =>
        list.map((b, k) => ({ lead: leads[pair + i * list.length + k], reach: reach[a] + reach[b] })),
      ),
    );
    pair += list.length ** 2;
    // Only those above 0 are told apart: the others lift nothing.
    return found.some(
      (a, i) => a.lead > 0 && found.some((b, k) => k < i && a.lead === b.lead && a.reach !== b.reach),
    );
  });
}

/** Winners, lifts and their gradients on the device are core’s, on the backend in use. */
export function maximaLaws(runs: number): void {
  describe('maxima on the device are core’s', () => {
    test.each([1, 2, 3])('ties included: %i regions', async count => {
      let lifted = 0;
      await fc.assert(
        fc.asyncProperty(
          cases(count).filter(given => !hasNearTie(given)),
          async given => {
            const [core, device] = await both(given);
            expect(device.winner).toEqual(core.winner);
            expect(plain(device.lift)).toEqual(plain(core.lift));
            // Core adds the lift in float64.
            const tolerance = 2 * FLOAT32_ROUNDOFF * (largest(core.frames) + largest(core.lift) + 1);
            expect(largestDifference(device.frames, core.frames)).toBeLessThan(tolerance);
            expect(largestDifference(device.data, core.data)).toBeLessThan(tolerance);
            expect(device.gradients.map(plain)).toEqual(core.gradients.map(plain));
            if (core.winner.some(entry => entry > 0)) lifted++;
          },
        ),
        { numRuns: runs },
      );
      // Most cases lift, but a few may by chance all lift nothing.
      if (runs >= 100) expect(lifted).toBeGreaterThan(runs / 4);
    });
  });
}
