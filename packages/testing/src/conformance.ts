import {
  box,
  certify,
  chordProbe,
  enforce,
  type FrozenModel,
  float32,
  foldShifts,
  forward,
  freeze,
  type Matrix,
  matrix,
  type Network,
  type NetworkNode,
  PoliceError,
  type PoliceErrorCode,
  type Policy,
  type Region,
  type Rng,
  type Sides,
} from '@police/core';
import { checkedTrainingOptions, isRepresentable, type TrainingOption } from '@police/core/adapter';
import { exportOnnx } from '@police/onnx-export';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  applyMap,
  expectClose,
  largestDifference,
  makeRegion,
  type RegionKind,
  randomArray,
  seededRng,
  snapshot,
} from './helpers.js';
import { runOnnx } from './onnx-runtime.js';
import { roundedBox } from './regions/rounded-box.js';
import { runBound } from './rounding.js';

/** What every adapter's `constrain` takes; an adapter may take more. */
export interface ConformanceOptions {
  readonly regions: readonly Region[];
  readonly policy?: Policy;
  readonly mode?: 'shift' | 'project';
  readonly gradient?: 'exact' | 'local';
  /** Given with the adapter's smooth activations. */
  readonly epsilon?: number;
}

/** How far from affine smooth activations may be on their tails. */
export const EPSILON = 2 ** -12;

/** The model to make: `widths[0] → … → widths.at(-1)` with one of the adapter's activations, weights seeded and of order `gain`. */
export interface ModelSpec {
  readonly widths: readonly number[];
  readonly activation: string;
  readonly seed: number;
  readonly gain: number;
  /** What all weights are instead, with biases of 0. */
  readonly weight?: number;
}

type Eventually<T> = T | Promise<T>;

/**
 * A framework as the conformance suite sees it: the contract of the design (`read`, `constrain`, `freeze`, `write`) and
 * what it takes to check its laws. `Model` is the framework's own, `Policed` what `constrain` makes of it.
 */
export interface ConformanceAdapter<Model, Policed> {
  /** Activations the adapter constrains, and activations it refuses, by the framework's names. */
  readonly activations: readonly string[];
  readonly refused: readonly string[];
  /** Activations, none of them exactly affine, that it refuses but with `epsilon`. {@link read} takes them with {@link EPSILON}. */
  readonly smooth?: readonly string[];
  /** Activations that no ONNX file holds. */
  readonly unexported?: readonly string[];
  /** Modes to test. @defaultValue both */
  readonly modes?: readonly (typeof MODES)[number][];
  /** Unit roundoff of the framework's arithmetic: 2⁻²⁴ or 2⁻⁵³. */
  readonly roundoff: number;
  makeModel(spec: ModelSpec): Model;
  /** Puts a NaN among the weights. */
  spoil(model: Model): void;
  /** A copy of every weight and bias, to see that nothing changed. */
  weightsOf(model: Model | Policed): number[];
  /** The framework's outputs `[n, outputSize]` on rows `[n, inputSize]`. */
  run(model: Model | Policed, x: Matrix): Eventually<Matrix>;
  /** As a core network; of a constrained model the constraint included, with the shifts on its nonlinearities. */
  read(model: Model | Policed): Network;
  constrain(model: Model, options: ConformanceOptions): Policed;
  /** The network that the present shifts were found for: {@link read} without them. */
  raw(policed: Policed): Network;
  /** The shifts the adapter itself uses now, by the name of {@link raw}'s activation; zeros (or none) in mode `project`. */
  shifts(policed: Policed): Readonly<Record<string, ArrayLike<number>>>;
  /** The sides kept, by the name of {@link raw}'s activation. */
  sides(policed: Policed): Sides;
  /**
   * Trains on rows x and targets with at least as many updates as rows; `afterStep` is to be called after every update. Rejects
   * or throws what the framework or the adapter throws.
   */
  train(policed: Policed, x: Matrix, targets: Matrix, afterStep: () => void): Eventually<void>;
  freeze(policed: Policed): FrozenModel<Model>;
  /** A plain model of a frozen network. */
  write(network: Network): Model;
}

const WIDTHS = [3, 8, 6, 2];
const ROWS = 6;
const CHORDS = 20;
const MODES = ['shift', 'project'] as const;
/** A kind that core does not know: every adapter takes it as any other. */
const OWN_KIND = 'rounded box';
const REGION_SETS: readonly (readonly (RegionKind | typeof OWN_KIND)[])[] = [
  ['box'],
  ['simplex'],
  ['vPolytope'],
  ['flatBox', 'ball'],
  ['crossPolytope', 'flatPolytope', 'point'],
  [OWN_KIND],
];

const makeAnyRegion = (kind: RegionKind | typeof OWN_KIND, rng: Rng): Region =>
  kind === OWN_KIND
    ? roundedBox(
        randomArray(rng, WIDTHS[0]),
        randomArray(rng, WIDTHS[0]).map(x => 0.2 + Math.abs(x)),
      )
    : makeRegion(kind, WIDTHS[0], rng, 1);

/** Float64 and float32 numbers of which two sum to none. */
const hugeWeight = (roundoff: number): number => (roundoff === 2 ** -53 ? 1.2e308 : 3e38);

const ALL_OPTIONS: readonly TrainingOption[] = [
  'regions',
  'policy',
  'mode',
  'gradient',
  'sharing',
  'margin',
  'refresh',
  'epsilon',
  'schedule',
  'target',
];

/** So large that smooth models bend far more than by `EPSILON`. */
const SMOOTH_GAIN = 6;

/** How much more than rounding, or tails, an unconstrained network must bend for the probe to be worth anything. */
const PLAINLY = 100;

/** Registers the laws of the adapter contract (design, section 2) as tests. */
export function conformance<Model, Policed>(name: string, adapter: ConformanceAdapter<Model, Policed>): void {
  const smooth = adapter.smooth ?? [];
  const modes = adapter.modes ?? MODES;
  const plainModel = (activation = adapter.activations[0], widths = WIDTHS) =>
    adapter.makeModel({ widths, activation, seed: 5, gain: smooth.includes(activation) ? SMOOTH_GAIN : 1 });
  /** How far the framework's arithmetic puts an output or a shift wrong. */
  const bound = (net: Network, points: Matrix) => runBound(net, points, adapter.roundoff);

  const epsilonFor = (activation: string) => (smooth.includes(activation) ? { epsilon: EPSILON } : {});

  describe(`${name} conforms`, () => {
    const cases = [...adapter.activations, ...smooth].flatMap(activation =>
      modes.flatMap(mode =>
        REGION_SETS.map(set => ({ activation, mode, set, regionKinds: set.join(' + ') })),
      ),
    );

    describe.each(cases)('$activation, mode $mode, on $regionKinds', ({ activation, mode, set }) => {
      const rng = seededRng(40 + set.length);
      const regions = set.map(kind => makeAnyRegion(kind, rng));
      const probes = regions.map(region => chordProbe(region, CHORDS, rng));
      const everywhere = stack([...probes.map(({ points }) => points), randomRows(20, WIDTHS[0], 11, 3)]);
      const raws: Network[] = [];
      const networks: Network[] = [];
      const outputs: Matrix[] = [];
      const shifts: Readonly<Record<string, ArrayLike<number>>>[] = [];
      const sides: Sides[] = [];
      let policed: Policed;

      beforeAll(async () => {
        policed = adapter.constrain(plainModel(activation), { regions, mode, ...epsilonFor(activation) });
        const pending: Eventually<Matrix>[] = [];
        const look = () => {
          raws.push(adapter.raw(policed));
          networks.push(adapter.read(policed));
          shifts.push(structuredClone(adapter.shifts(policed)));
          sides.push(structuredClone(adapter.sides(policed)));
          pending.push(adapter.run(policed, everywhere));
        };
        look();
        const targets = randomRows(ROWS, WIDTHS.at(-1)!, 13);
        await adapter.train(policed, randomRows(ROWS, WIDTHS[0], 12, 2), targets, look);
        outputs.push(...(await Promise.all(pending)));
      });

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

      test('freeze gives a plain model of the same outputs, certified', async () => {
        const weights = adapter.weightsOf(policed);
        const { model, network, maps, report } = adapter.freeze(policed);
        const tolerance = 2 * bound(networks.at(-1)!, everywhere);
        const run = await adapter.run(model, everywhere);
        expectClose(run.data, outputs.at(-1)!.data, tolerance, 'frozen outputs');
        expect(certify(network, regions)).toMatchObject({ certified: true });
        // The weights in the model, not only those of the network, are the certified ones.
        expect(certify(adapter.read(model), regions)).toMatchObject({ certified: true });
        probes.forEach(({ points }, r) => {
          const off = bound(network, points) + Math.max(0, ...(report.approximationErrors?.[r] ?? []));
          expectClose(applyMap(maps[r], points), forward(network, points).data, off, `map of region ${r}`);
        });
        const { layers } = enforce(raws.at(-1)!, regions, { policy: 'sticky', sides: sides.at(-1)! }).report;
        expect(report.layers.map(({ name, shifted }) => ({ name, shifted }))).toEqual(
          layers.map(({ name, shifted }) => ({ name, shifted })),
        );
        expect(adapter.weightsOf(policed), 'freezing leaves the constrained model alone').toEqual(weights);
      });

      test('write gives a plain model of a network', async () => {
        const { network } = adapter.freeze(policed);
        const written = adapter.write(network);
        expect(parametersOf(foldShifts(adapter.read(written)))).toEqual(parametersOf(network));
        const run = await adapter.run(written, everywhere);
        expectClose(
          run.data,
          forward(network, everywhere).data,
          bound(network, everywhere),
          'written outputs',
        );
      });

      const isExported = !adapter.unexported?.includes(activation);
      test.runIf(isExported)('its export gives the same outputs in ONNX Runtime', async () => {
        const { model, network } = adapter.freeze(policed);
        const x = { ...everywhere, data: everywhere.data.map(Math.fround) };
        // A framework that computes in float64 freezes to float64 weights, which ONNX files do not have.
        const stored = isRepresentable(network, float32) ? network : freeze(network, regions).network;
        const same = stored === network ? model : adapter.write(stored);
        const found = await runOnnx(exportOnnx(stored, { regions }), x);
        // ONNX Runtime computes in float32, whatever the framework does.
        const tolerance = runBound(stored, x, 2 ** -24) + bound(stored, x);
        expectClose(found.data, (await adapter.run(same, x)).data, tolerance, 'ONNX outputs');
      });
    });

    test.each([...adapter.activations, ...smooth])(
      'an unconstrained %s model is read as it is, and bends',
      async activation => {
        const region = makeRegion('box', WIDTHS[0], seededRng(3), 1);
        const { points, residual } = chordProbe(region, CHORDS, seededRng(4));
        const plain = plainModel(activation);
        const net = adapter.read(plain);
        const run = await adapter.run(plain, points);
        expectClose(run.data, forward(net, points).data, bound(net, points), 'outputs');
        const tail = smooth.includes(activation) ? EPSILON : 0;
        expect(residual(run)).toBeGreaterThan(PLAINLY * 2 * (bound(net, points) + tail));
      },
    );

    const policies: Policy[] = ['minimal', 'majority', ({ unit }) => (unit % 2 ? 1 : -1)];
    test.each(policies.flatMap(policy => modes.map(mode => ({ policy, mode }))))(
      'policy $policy, mode $mode: core’s shifts from the start',
      ({ policy, mode }) => {
        const regions = ['box', 'simplex'].map(kind =>
          makeRegion(kind as RegionKind, WIDTHS[0], seededRng(8)),
        );
        const plain = plainModel();
        const expected = foldShifts(enforce(adapter.read(plain), regions, { policy }).network);
        const found = foldShifts(adapter.read(adapter.constrain(plain, { regions, policy, mode })));
        const points = stack(regions.map(region => chordProbe(region, CHORDS, seededRng(9)).points));
        const [y, z] = [found, expected].map(net => forward(net, points).data);
        expect(largestDifference(y, z)).toBeLessThanOrEqual(bound(expected, points));
      },
    );

    describe('refuses', () => {
      const regions = [box([-1, -1, -1], [1, 1, 1])];
      const refusals: readonly Refusal[] = [
        {
          what: 'a region of another dimension',
          options: { regions: [...regions, box([0], [1])] },
          code: 'shape',
          where: 'region 1 (box)',
        },
        { what: 'no options', options: null, code: 'invalid-option', where: 'regions' },
        { what: 'no regions', options: {}, code: 'invalid-option', where: 'regions' },
        {
          what: 'one region in place of a list',
          options: { regions: regions[0] },
          code: 'invalid-option',
          where: 'regions',
        },
        ...['mode', 'gradient', 'policy'].map(option => ({
          what: `an unknown ${option}`,
          options: { regions, [option]: 'none' },
          code: 'invalid-option' as const,
          where: option,
        })),
        ...[0, -1, Number.NaN, Infinity, 'x'].map(epsilon => ({
          what: `epsilon ${epsilon}`,
          options: { regions, epsilon },
          code: 'invalid-option' as const,
          where: 'epsilon',
        })),
        ...[0, 1.5, Number.NaN, '4'].map(refresh => ({
          what: `refresh ${refresh}`,
          options: { regions, refresh },
          code: 'invalid-option' as const,
          where: 'refresh',
        })),
        {
          what: 'an option of no known name',
          options: { regions, polcy: 'minimal' },
          code: 'invalid-option',
          where: 'options',
        },
        {
          what: 'the JSON of a region in its place',
          options: { regions: [...regions, regions[0].toJSON()] },
          code: 'invalid-option',
          where: 'regions[1]',
        },
        {
          what: 'a number in place of a region',
          options: { regions: [7] },
          code: 'invalid-option',
          where: 'regions[0]',
        },
      ];

      test.each(refusals)('$what', async ({ options, code, where }) => {
        const model = plainModel();
        const weights = adapter.weightsOf(model);
        const error = await policeError(() => adapter.constrain(model, options as ConformanceOptions));
        expect(error).toMatchObject({ code, where });
        expect(error.message).toContain(error.expected);
        expect(error.message).toContain(error.actual);
        expect(adapter.weightsOf(model)).toEqual(weights);
        if (code !== 'invalid-option') return;
        // In the same words everywhere: core's.
        const { expected, actual } = await policeError(() =>
          checkedTrainingOptions(options, { known: ALL_OPTIONS }),
        );
        expect(error).toMatchObject({ expected, actual });
      });

      test.each(modes)('weights whose shift would be infinite, mode %s', async mode => {
        const weight = hugeWeight(adapter.roundoff);
        const [activation] = adapter.activations;
        const model = adapter.makeModel({ widths: [2, 2, 1], activation, seed: 1, gain: 1, weight });
        const weights = adapter.weightsOf(model);
        expect(weights).toContain(Math.fround(weight) === Infinity ? weight : Math.fround(weight));
        const square = [box([-1, -1], [1, 1])];
        const error = await policeError(async () => {
          const policed = adapter.constrain(model, { regions: square, mode });
          await adapter.run(policed, matrix(1, 2));
        });
        expect(['not-finite', 'no-free-shift']).toContain(error.code);
        expect(error.where, 'names the layer').not.toMatch(/^unit/);
        expect(adapter.weightsOf(model)).toEqual(weights);
      });

      test.each([undefined, {}])('%o for a model', async model => {
        const error = await policeError(() => adapter.constrain(model as Model, { regions }));
        expect(error).toMatchObject({ code: 'unsupported-layer', where: 'constrain' });
      });

      test.each(adapter.refused)('activation %s', async activation => {
        const error = await policeError(() => adapter.constrain(plainModel(activation), { regions }));
        expect(error).toMatchObject({ code: 'unsupported-activation' });
        expect(error.remedy).toBeTruthy();
      });

      test('NaN among the weights', async () => {
        const model = plainModel();
        adapter.spoil(model);
        expect(await policeError(() => adapter.constrain(model, { regions }))).toMatchObject({
          code: 'not-finite',
        });
      });

      test.each(['inputs', 'targets'])('NaN among the %s to train on, and keeps the weights', async part => {
        const [x, targets] = [randomRows(2, WIDTHS[0], 1), randomRows(2, WIDTHS.at(-1)!, 2)];
        (part === 'inputs' ? x : targets).data[0] = Number.NaN;
        const policed = adapter.constrain(plainModel(), { regions });
        const weights = adapter.weightsOf(policed);
        const error = await policeError(() => adapter.train(policed, x, targets, () => {}));
        expect(error.code).toBe('not-finite');
        expect(adapter.weightsOf(policed)).toEqual(weights);
      });
    });
  });
}

/** All numbers of a network; curves, which are functions, follow from the names. */
function parametersOf({ nodes, ...rest }: Network): unknown {
  const withoutCurves = nodes.map((node): NetworkNode => {
    if (node.kind !== 'activation') return node;
    const { curve, ...activation } = node.activation;
    return { ...node, activation };
  });
  return snapshot({ ...rest, nodes: withoutCurves });
}

interface Refusal {
  readonly what: string;
  readonly options: unknown;
  readonly code: PoliceErrorCode;
  readonly where: string;
}

/** The PoliceError that an action throws or rejects with. */
export async function policeError(action: () => unknown): Promise<PoliceError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof PoliceError) return error;
    throw error;
  }
  throw new Error('no error was thrown');
}

/** Numbers in [−scale, scale], seeded, `[n, size]`. */
export const randomRows = (n: number, size: number, seed: number, scale = 1): Matrix =>
  matrix(n, size, Float64Array.from(randomArray(seededRng(seed), n * size, scale)));

const rows = ({ cols, data }: Matrix, start: number, count: number): Matrix =>
  matrix(count, cols, data.slice(start * cols, (start + count) * cols));

const stack = (blocks: readonly Matrix[]): Matrix =>
  matrix(
    blocks.reduce((sum, block) => sum + block.rows, 0),
    blocks[0].cols,
    Float64Array.from(blocks.flatMap(({ data }) => Array.from(data))),
  );
