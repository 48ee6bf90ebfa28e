import { ball, certify, chordProbe, type LoggedReport } from '@police/core';
import { type ConstrainOptions, constrain, constraintLog, freeze, toNetwork } from '@police/synaptic';
import { seededRng } from '@police/testing/helpers';
import synaptic from 'synaptic';
import { describe, expect, test } from 'vitest';
import {
  bend,
  perceptron,
  probesOf,
  ROUNDINGS,
  square,
  trainOn,
  triangle,
  wave,
  withDirectConnections,
} from './helpers.js';

const { Trainer } = synaptic;
const WIDTHS = [2, 24, 24, 1];

/** A gentler wave than the paper's, which takes millions of updates: `bench/learn.mjs` has that one. */
const samples = wave(20, 1);
const regions = [triangle];

interface Run {
  /** Mean squared error after each tenth of the passes. */
  readonly losses: number[];
  /** Largest residual on the region at each of them, in roundings. */
  readonly bends: number[];
  readonly policed: ReturnType<typeof constrain>;
}

const VARIANCE = samples.reduce((sum, { output }) => sum + output[0] ** 2, 0) / samples.length;
const PASSES = 120;

function run(options: Partial<ConstrainOptions>): Run {
  const policed = constrain(perceptron({ widths: WIDTHS, seed: 6, bias: 1, gain: Math.SQRT2 }), {
    regions,
    ...options,
  });
  const probes = probesOf(regions, 3);
  const losses: number[] = [];
  const bends: number[] = [];
  new Trainer(policed).train([...samples], {
    rate: iteration => 0.002 * (1 - iteration / (PASSES + 1)),
    iterations: PASSES,
    error: 1e-9,
    schedule: {
      every: PASSES / 10,
      do: () => {
        losses.push(new Trainer(policed).test(samples).error);
        bends.push(bend(policed, probes));
      },
    },
  });
  return { losses, bends, policed };
}

describe('on the wave, with a triangle to be affine on', () => {
  const plain = run({ regions: [] });
  const modes: { name: string; options: Partial<ConstrainOptions> }[] = [
    { name: 'shift', options: {} },
    { name: 'project', options: { mode: 'project' } },
    { name: 'local', options: { gradient: 'local' } },
  ];

  test.each(modes)('$name: learns, and is affine to rounding at every look', ({ options }) => {
    const { losses, bends, policed } = run(options);
    expect(bends.length).toBe(10);
    expect(Math.max(...bends)).toBeLessThan(ROUNDINGS);
    // Well below the variance, though no network affine on the triangle comes near the unconstrained loss.
    expect(losses.at(-1)).toBeLessThan(0.4 * VARIANCE);
    expect(losses.at(-1)).toBeGreaterThan(plain.losses.at(-1)!);
    const { model, network } = freeze(policed);
    expect(new Trainer(model).test(samples).error).toBeCloseTo(losses.at(-1)!, 10);
    expect(certify(network, regions)).toMatchObject({ certified: true });
  });

  test('unconstrained it bends, which the probe sees', () => {
    const free = constrain(plain.policed.clone(), { regions: [] });
    expect(bend(free, probesOf(regions, 3))).toBeGreaterThan(100 * ROUNDINGS);
  });

  test('refresh 16: nearly the same loss, affine again after freeze', () => {
    const [exact, seldom] = [run({}), run({ refresh: 16 })];
    seldom.losses.forEach((loss, i) => {
      expect(Math.abs(loss / exact.losses[i] - 1)).toBeLessThan(0.1);
    });
    // Somewhere in a window the shifts are of older weights.
    trainOn(seldom.policed, samples.slice(0, 5), 0.01);
    const probes = probesOf(regions, 3);
    expect(bend(seldom.policed, probes)).toBeGreaterThan(100 * ROUNDINGS);
    const { model, network } = freeze(seldom.policed);
    expect(bend(model, probes)).toBeLessThan(ROUNDINGS);
    expect(certify(network, regions)).toMatchObject({ certified: true });
    expect(certify(toNetwork(model), regions)).toMatchObject({ certified: true });
  });
});

test('a schedule reports on the constraint as it goes', () => {
  const policed = constrain(perceptron({ widths: WIDTHS, seed: 6 }), { regions });
  const reports: LoggedReport[] = [];
  const log = constraintLog(policed, report => reports.push(report), { chords: 10, random: seededRng(3) });
  new Trainer(policed).train([...samples], { rate: 1e-3, iterations: 6, schedule: { every: 2, do: log } });
  expect(reports.map(({ iterations }) => iterations)).toEqual([2, 4, 6]);
  for (const { residual, error, units } of reports) {
    expect(units).toBe(48);
    expect(residual).toBeLessThan(1e-13);
    expect(error).toBeGreaterThan(0);
  }
  const shifts = Object.values(policed.shifts).flatMap(shift => [...shift]);
  expect(reports.at(-1)!.shifted).toBe(shifts.filter(c => c !== 0).length);
  policed.activate = x => [x[0] * x[1]];
  log({ iterations: 7, error: 1 });
  expect(reports.at(-1)!.residual).toBeGreaterThan(1e-3);
});

test('affine after every single update, on several regions and with direct connections', () => {
  const both = [square, ball([2, -1], 0.7)];
  for (const mode of ['shift', 'project'] as const) {
    const policed = constrain(withDirectConnections(3), { regions: both, mode });
    const probes = both.map(region => chordProbe(region, 20, seededRng(2)));
    for (let step = 0; step < 60; step++) {
      const x = [Math.sin(step), Math.cos(3 * step)];
      trainOn(policed, [{ input: x, output: [x[0], x[0] * x[1]] }], 0.02);
      expect(bend(policed, probes), `${mode}, step ${step}`).toBeLessThan(ROUNDINGS);
    }
  }
});
