import {
  type ChordProbe,
  chordProbe,
  enforce,
  forward,
  type Matrix,
  type Network,
  type Region,
  type Sides,
} from '@police/core';
import { beforeAll, expect, test } from 'vitest';
import { expectClose, seededRng } from '../helpers.js';
import type { Eventually, Mode } from './adapter.js';
import { parametersOf } from './parameters.js';
import { randomRows, rows, stack } from './rows.js';
import { type AnyKind, CHORDS, makeAnyRegion, ROWS, type Setting, WIDTHS } from './setting.js';

/** A constrained model, and what it was before training and after every step of it. */
export interface Trained<Policed> {
  readonly activation: string;
  readonly regions: readonly Region[];
  readonly probes: readonly ChordProbe[];
  /** The probes' points and others, to evaluate the model at. */
  readonly everywhere: Matrix;
  /** There once the run is over, when tests start. */
  policed: Policed;
  readonly raws: Network[];
  readonly networks: Network[];
  readonly outputs: Matrix[];
  readonly shifts: Readonly<Record<string, ArrayLike<number>>>[];
  readonly sides: Sides[];
}

/** Registers the training of one model before the tests of a suite. */
export function trainBeforeAll<Model, Policed>(
  { adapter, plainModel, epsilonFor }: Setting<Model, Policed>,
  { activation, mode, set }: { activation: string; mode: Mode; set: readonly AnyKind[] },
): Trained<Policed> {
  const rng = seededRng(40 + set.length);
  const regions = set.map(kind => makeAnyRegion(kind, rng));
  const probes = regions.map(region => chordProbe(region, CHORDS, rng));
  const everywhere = stack([...probes.map(({ points }) => points), randomRows(20, WIDTHS[0], 11, 3)]);
  const trained: Trained<Policed> = {
    activation,
    regions,
    probes,
    everywhere,
    policed: undefined as Policed,
    raws: [],
    networks: [],
    outputs: [],
    shifts: [],
    sides: [],
  };

  beforeAll(async () => {
    trained.policed = adapter.constrain(plainModel(activation), { regions, mode, ...epsilonFor(activation) });
    const pending: Eventually<Matrix>[] = [];
    const look = () => {
      trained.raws.push(adapter.raw(trained.policed));
      trained.networks.push(adapter.read(trained.policed));
      trained.shifts.push(structuredClone(adapter.shifts(trained.policed)));
      trained.sides.push(structuredClone(adapter.sides(trained.policed)));
      pending.push(adapter.run(trained.policed, everywhere));
    };
    look();
    const targets = randomRows(ROWS, WIDTHS.at(-1)!, 13);
    await adapter.train(trained.policed, randomRows(ROWS, WIDTHS[0], 12, 2), targets, look);
    trained.outputs.push(...(await Promise.all(pending)));
  });
  return trained;
}

/** Affine at every step, and the same as core. */
export function testTrainingLaws<Model, Policed>(
  { smooth, bound }: Setting<Model, Policed>,
  { activation, regions, probes, everywhere, raws, networks, outputs, shifts, sides }: Trained<Policed>,
): void {
  test('training goes on under the constraint', () => {
    expect(networks.length).toBeGreaterThan(ROWS);
    expect(parametersOf(raws[0])).not.toEqual(parametersOf(raws.at(-1)!));
  });

  test('is affine to rounding, and to what tails add up to, before and after every step', () => {
    networks.forEach((net, step) => {
      const { approximationErrors } = enforce(net, regions).report;
      expect(approximationErrors !== undefined).toBe(smooth.includes(activation));
      let start = 0;
      probes.forEach(({ points, residual }, r) => {
        const values = rows(outputs[step], start, points.rows);
        start += points.rows;
        // Both ends of a chord and its midpoint may be off.
        const off = bound(net, points) + Math.max(0, ...(approximationErrors?.[r] ?? []));
        expect(residual(values), `step ${step}`).toBeLessThanOrEqual(2 * off);
      });
    });
  });

  test('forward of what read gives is what the framework gives', () => {
    networks.forEach((net, step) => {
      const expected = forward(net, everywhere).data;
      expectClose(outputs[step].data, expected, bound(net, everywhere), `outputs at step ${step}`);
    });
  });

  test('the same weights give the same shifts as core', () => {
    raws.forEach((raw, step) => {
      const expected = enforce(raw, regions, { policy: 'sticky', sides: sides[step] });
      const tolerance = bound(raw, everywhere);
      for (const [layer, values] of Object.entries(expected.shifts)) {
        const found = shifts[step][layer] ?? new Float64Array(values.length);
        expectClose(found, values, tolerance, `shifts of ${layer} at step ${step}`);
      }
    });
  });
}
