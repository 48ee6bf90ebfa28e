import {
  type AffineMap,
  box,
  certify,
  chordProbe,
  forward,
  gapOf,
  type Matrix,
  type Network,
  type Region,
} from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { beforeAll, describe, expect, test } from 'vitest';
import { applyMap, expectClose, largestDifference, type RegionKind, seededRng } from '../helpers.js';
import { runOnnx } from '../onnx-runtime.js';
import type { Eventually, ModelSpec } from './adapter.js';
import { randomRows, rows, stack } from './rows.js';
import { CHORDS, makeAnyRegion, WIDTHS } from './setting.js';

/** A framework whose adapter knows the method `patch`, as its laws see it. Any activation will do. */
export interface PatchAdapter<Model, Patched extends Model> {
  readonly activations: readonly string[];
  makeModel(spec: Pick<ModelSpec, 'widths' | 'activation' | 'seed'>): Model;
  constrain(
    model: Model,
    options: { regions: readonly Region[]; method: 'patch'; steepness: number },
  ): Patched;
  /** The framework's outputs `[n, outputSize]`. */
  run(model: Model, x: Matrix): Eventually<Matrix>;
  /** Those without any patch, as it computes them inside the constrained model. */
  runInner(patched: Patched, x: Matrix): Eventually<Matrix>;
  read(model: Model): Network;
  maps(patched: Patched): readonly AffineMap[];
  /** As `ConformanceAdapter.train`. */
  train(patched: Patched, x: Matrix, targets: Matrix, afterStep: () => void): Eventually<void>;
  freeze(patched: Patched): {
    readonly model: Model;
    readonly network: Network;
    readonly maps: readonly AffineMap[];
  };
  /** How far the framework's arithmetic puts outputs of a network with patches wrong. */
  bound(net: Network, points: Matrix): number;
}

const STEEPNESS = 2;

/** Rows to train on, of each region and elsewhere: after every update the model is read anew. */
const FEW = 2;

/** Kinds of regions of a model; those of two lie apart. */
const KINDS: readonly RegionKind[] = ['box', 'simplex', 'vPolytope', 'ball', 'crossPolytope', 'flatBox'];

/** How near to the cones a value may be for rounding to decide whether it is inside. */
const NEARLY = 2 ** -10;

/** One look at a model in training. */
interface Look {
  readonly network: Network;
  readonly maps: readonly AffineMap[];
  readonly outputs: Eventually<Matrix>;
  readonly inner: Eventually<Matrix>;
}

/** Registers the laws of the design's section 3 as tests, before and after every training step. */
export function patchConformance<Model, Patched extends Model>(
  name: string,
  adapter: PatchAdapter<Model, Patched>,
): void {
  const sets = [...KINDS.map(kind => [kind]), ['box', 'ball'] as const];
  const cases = adapter.activations.flatMap(activation =>
    sets.map((set, i) => ({ activation, set, kinds: set.join(' + '), seed: i + 1 })),
  );
  describe.each(cases)(`${name}, method patch around $activation, on $kinds`, ({ activation, set, seed }) => {
    const regions = set.map((kind, r) => regionApart(kind, r, seed));
    const probes = regions.map(region => chordProbe(region, CHORDS, seededRng(seed)));
    const outside = randomRows(40, WIDTHS[0], seed, 8);
    const everywhere = stack([...probes.map(({ points }) => points), outside]);
    const looks: Look[] = [];
    let patched: Patched;

    beforeAll(async () => {
      const model = adapter.makeModel({ widths: WIDTHS, activation, seed });
      patched = adapter.constrain(model, { regions, method: 'patch', steepness: STEEPNESS });
      const look = () => {
        looks.push({
          network: adapter.read(patched),
          maps: adapter.maps(patched),
          outputs: adapter.run(patched, everywhere),
          inner: adapter.runInner(patched, everywhere),
        });
      };
      look();
      // On the regions the maps learn, elsewhere the model.
      const x = stack([
        ...probes.map(({ points }) => rows(points, 0, FEW)),
        randomRows(FEW, WIDTHS[0], 12, 8),
      ]);
      await adapter.train(patched, x, randomRows(x.rows, WIDTHS.at(-1)!, 13), look);
    });

    test('training moves the model and the maps', async () => {
      expect(looks.length).toBeGreaterThan(FEW);
      const [first, last] = [looks[0], looks.at(-1)!];
      expect(largestDifference((await first.inner).data, (await last.inner).data)).toBeGreaterThan(0);
      first.maps.forEach((map, r) => {
        expect(last.maps[r].A.data).not.toEqual(map.A.data);
      });
    });

    test('is the map on each region, whatever the model does there', async () => {
      for (const { network, maps, outputs } of looks) {
        let start = 0;
        for (const [r, { points }] of probes.entries()) {
          const values = rows(await outputs, start, points.rows);
          start += points.rows;
          expectClose(values.data, applyMap(maps[r], points), adapter.bound(network, points), `region ${r}`);
        }
      }
    });

    test('is the model to the bit wherever that is between the cones, and between it and the maps elsewhere', async () => {
      const gaps = regions.map(region => forward(gapOf(region).network, everywhere).data);
      let free = 0;
      for (const { maps, outputs, inner } of looks) {
        const [y, f] = [(await outputs).data, (await inner).data];
        const centres = maps.map(map => applyMap(map, everywhere));
        f.forEach((value, i) => {
          const row = Math.floor(i / WIDTHS.at(-1)!);
          const off = centres.map(centre => Math.abs(value - centre[i]));
          if (off.every((distance, r) => distance <= (1 - NEARLY) * STEEPNESS * gaps[r][row])) {
            free++;
            expect(y[i], `row ${row}`).toBe(value);
          }
          const [low, high] = [Math.min, Math.max].map(of => of(value, ...centres.map(centre => centre[i])));
          const rounding = NEARLY * (Math.abs(low) + Math.abs(high));
          expect(y[i]).toBeGreaterThanOrEqual(low - rounding);
          expect(y[i]).toBeLessThanOrEqual(high + rounding);
        });
      }
      expect(free, 'values between the cones').toBeGreaterThan(0);
    });

    test('forward of what read gives is what the framework gives', async () => {
      for (const { network, outputs } of looks) {
        const expected = forward(network, everywhere).data;
        expectClose((await outputs).data, expected, adapter.bound(network, everywhere), 'outputs');
      }
    });

    test('freeze gives a plain model of the same outputs, certified; its export runs in ONNX Runtime', async () => {
      const { model, network, maps } = adapter.freeze(patched);
      const tolerance = adapter.bound(network, everywhere);
      const run = await adapter.run(model, everywhere);
      expectClose(run.data, (await looks.at(-1)!.outputs).data, tolerance, 'frozen outputs');
      expect(certify(network, regions)).toMatchObject({ certified: true });
      expect(certify(adapter.read(model), regions)).toMatchObject({ certified: true });
      probes.forEach(({ points }, r) => {
        expectClose(
          applyMap(maps[r], points),
          forward(network, points).data,
          tolerance,
          `map of region ${r}`,
        );
      });
      const x = { ...everywhere, data: everywhere.data.map(Math.fround) };
      const found = await runOnnx(exportOnnx(network, { regions }), x);
      expectClose(found.data, run.data, 2 * tolerance, 'ONNX outputs');
    });
  });
}

/** The r-th region, far enough along the first axis to lie apart from those before it. */
function regionApart(kind: RegionKind, r: number, seed: number): Region {
  const region = makeAnyRegion(kind, seededRng(seed + 10 * r));
  if (r === 0) return region;
  const { lo, hi } = region.range(region.frame);
  const width = hi.map((h, k) => h - lo[k]);
  return box(
    lo.map((_, k) => (k === 0 ? 6 : -1)),
    width.map((w, k) => (k === 0 ? 6 + w : -1 + w)),
  );
}
