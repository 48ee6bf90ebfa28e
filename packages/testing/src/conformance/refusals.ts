import { box, matrix, PoliceError, type PoliceErrorCode } from '@police/core';
import { checkedTrainingOptions, type TrainingOption } from '@police/core/adapter';
import { describe, expect, test } from 'vitest';
import { roundedBox } from '../regions/rounded-box.js';
import type { ConformanceOptions } from './adapter.js';
import { randomRows } from './rows.js';
import { type Setting, WIDTHS } from './setting.js';

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

interface Refusal {
  readonly what: string;
  readonly options: unknown;
  readonly code: PoliceErrorCode;
  readonly where: string;
}

const regions = [box([-1, -1, -1], [1, 1, 1])];

const REFUSALS: readonly Refusal[] = [
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

/** Bad input gives an error that names what is bad, and leaves the model as it was. */
export function testRefusals<Model, Policed>(setting: Setting<Model, Policed>): void {
  describe('refuses', () => {
    testOptionRefusals(setting);
    testDeviceRefusals(setting);
    testModelRefusals(setting);
    testNaNRefusals(setting);
  });
}

function testOptionRefusals<Model, Policed>({ adapter, plainModel }: Setting<Model, Policed>): void {
  const known = adapter.options ?? ALL_OPTIONS;
  const isUnknown = (option: TrainingOption) => !known.includes(option);
  const refusals = REFUSALS.filter(
    ({ where }) => !ALL_OPTIONS.some(name => name === where && isUnknown(name)),
  );
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
    const { expected, actual } = await policeError(() => checkedTrainingOptions(options, { known }));
    expect(error).toMatchObject({ expected, actual });
  });
}

/** What has no form as tensor operations. */
const NOT_ON_DEVICE: readonly Refusal[] = [
  {
    what: 'a kind of region of one’s own',
    options: { regions: [...regions, roundedBox([0, 0, 0], [1, 1, 1])] },
    code: 'invalid-option',
    where: 'regions[1]',
  },
  {
    what: 'a policy function',
    options: { regions, policy: () => 1 },
    code: 'invalid-option',
    where: 'policy',
  },
];

function testDeviceRefusals<Model, Policed>({ adapter, plainModel }: Setting<Model, Policed>): void {
  test.runIf(adapter.isOnDevice).each(NOT_ON_DEVICE)('$what', async ({ options, code, where }) => {
    const error = await policeError(() => adapter.constrain(plainModel(), options as ConformanceOptions));
    expect(error).toMatchObject({ code, where });
    expect(error.remedy).toBeTruthy();
  });
}

function testModelRefusals<Model, Policed>({ adapter, modes, plainModel }: Setting<Model, Policed>): void {
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
    const { entry = 'constrain' } = adapter;
    expect(error).toMatchObject({ code: 'unsupported-layer', where: entry });
  });

  test('a constrained model', async () => {
    const policed = adapter.constrain(plainModel(), { regions });
    const weights = adapter.weightsOf(policed);
    const error = await policeError(() => adapter.constrain(policed as unknown as Model, { regions }));
    expect(error).toMatchObject({ code: 'unsupported-layer', where: adapter.entry ?? 'constrain' });
    expect(error.remedy).toContain('freeze()');
    expect(adapter.weightsOf(policed)).toEqual(weights);
  });

  test.each(adapter.refused)('activation %s', async activation => {
    const error = await policeError(() => adapter.constrain(plainModel(activation), { regions }));
    expect(error).toMatchObject({ code: 'unsupported-activation' });
    expect(error.remedy).toBeTruthy();
  });
}

function testNaNRefusals<Model, Policed>({ adapter, plainModel }: Setting<Model, Policed>): void {
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
