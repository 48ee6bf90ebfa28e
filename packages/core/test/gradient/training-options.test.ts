import { box, PoliceError } from '@police/core';
import { checkedTrainingOptions, type TrainingOption } from '@police/core/adapter';
import { expect, test } from 'vitest';

const regions = [box([-1, -1], [1, 1])];
const known: TrainingOption[] = [
  'regions',
  'policy',
  'mode',
  'gradient',
  'refresh',
  'margin',
  'epsilon',
  'schedule',
  'fade',
];
const check = (options: unknown) => checkedTrainingOptions(options, { known, own: ['activations'] });

function errorOf(options: unknown): PoliceError {
  try {
    check(options);
  } catch (error) {
    if (error instanceof PoliceError) return error;
    throw error;
  }
  throw new Error('no error');
}

/** Of an adapter that knows everything. */
function checkedError(options: unknown): PoliceError {
  try {
    checkedTrainingOptions(options, { known: [...known, 'target'], patches: true });
  } catch (error) {
    if (error instanceof PoliceError) return error;
    throw error;
  }
  throw new Error('no error');
}

test('regions alone give the defaults; undefined counts as absent; the adapter’s own names pass', () => {
  const defaults = {
    regions,
    method: 'shift',
    policy: 'sticky',
    mode: 'shift',
    gradient: 'exact',
    sharing: 'per-channel',
    margin: 0,
    refresh: 1,
  };
  expect(check({ regions })).toEqual(defaults);
  expect(check({ regions, epsilon: undefined, policy: undefined, activations: 3 })).toEqual(defaults);
  expect(check({ regions: [] }).regions).toEqual([]);
});

test.each([
  ['epsilon', -1, '-1'],
  ['epsilon', 0, '0'],
  ['epsilon', Number.NaN, 'NaN'],
  ['epsilon', 'x', 'x'],
  ['margin', Number.POSITIVE_INFINITY, 'Infinity'],
  ['margin', -1e-9, '-1e-9'],
  ['refresh', 0, '0'],
  ['refresh', 1.5, '1.5'],
  ['fade', 0, '0'],
  ['fade', Number.POSITIVE_INFINITY, 'Infinity'],
  ['fade', '0.1', '0.1'],
  ['mode', 'projekt', 'projekt'],
  ['gradient', null, 'null'],
])('%s: %s is refused by name', (option, value, actual) => {
  const error = errorOf({ regions, [option]: value });
  expect(error).toMatchObject({ code: 'invalid-option', where: option, actual });
});

test('a policy that is none, a schedule out of range or with the wrong mode', () => {
  expect(errorOf({ regions, policy: 'most' }).where).toBe('policy');
  expect(errorOf({ regions, schedule: { from: 2, steps: 3 } }).where).toBe('schedule.from');
  expect(errorOf({ regions, schedule: { from: 0, steps: 0.5 } }).where).toBe('schedule.steps');
  expect(errorOf({ regions, mode: 'project', schedule: { from: 0, steps: 5 } }).where).toBe('schedule');
});

test('fade: a width, beside what it can stand beside', () => {
  expect(check({ regions, fade: 0.25 }).fade).toBe(0.25);
  expect(check({ regions, fade: 0.25, gradient: 'local', refresh: 3, margin: 0.1 }).fade).toBe(0.25);
  const target = { A: { rows: 1, cols: 2, data: Float64Array.of(1, 0) } };
  for (const [options, actual] of [
    [{ mode: 'project' }, "mode 'project'"],
    [{ target }, 'a target'],
  ] as const) {
    const error = checkedError({ regions, fade: 0.25, ...options });
    expect(error).toMatchObject({ code: 'invalid-option', where: 'fade', actual });
    expect(error.remedy).not.toBe('');
  }
  expect(checkedError({ regions, method: 'patch', fade: 0.25 })).toMatchObject({
    where: 'fade',
    actual: "method 'patch'",
  });
});

test('a name that is no option is said, with those there are', () => {
  const error = errorOf({ regions, polcy: 'minimal' });
  expect(error.actual).toBe("'polcy'");
  expect(error.remedy).toContain('policy');
});

test('regions: missing, none at all, their JSON, numbers', () => {
  for (const options of [undefined, null, {}, { regions: regions[0] }]) {
    expect(errorOf(options)).toMatchObject({ code: 'invalid-option', where: 'regions' });
  }
  const json = errorOf({ regions: [regions[0], regions[0].toJSON()] });
  expect(json.where).toBe('regions[1]');
  expect(json.remedy).toContain('regionFromJSON');
  expect(errorOf({ regions: [3] }).where).toBe('regions[0]');
});

test('the method patch is for adapters that know it, and takes no option of shifts', () => {
  const patches = (options: object) =>
    checkedTrainingOptions({ regions, ...options }, { known, patches: true });
  expect(patches({ method: 'patch' })).toMatchObject({ method: 'patch', steepness: 20 });
  expect(patches({ method: 'patch', steepness: 0 })).toMatchObject({ steepness: 0 });
  expect(patches({ method: 'shift' })).not.toHaveProperty('steepness');
  const refused: [object, string][] = [
    [{ method: 'patch', mode: 'shift' }, 'mode'],
    [{ method: 'patch', refresh: 4 }, 'refresh'],
    [{ method: 'patch', steepness: -1 }, 'steepness'],
    [{ method: 'patch', steepness: Number.POSITIVE_INFINITY }, 'steepness'],
    [{ method: 'cut' }, 'method'],
    [{ steepness: 3 }, 'steepness'],
  ];
  for (const [options, where] of refused)
    expect(() => patches(options)).toThrow(expect.objectContaining({ code: 'invalid-option', where }));
});

test('other adapters say why they hold no patch, and the way there', () => {
  expect(check({ regions, method: 'shift' }).method).toBe('shift');
  for (const [option, value] of [
    ['method', 'patch'],
    ['steepness', 5],
  ]) {
    const error = errorOf({ regions, [`${option}`]: value });
    expect(error).toMatchObject({ code: 'invalid-option', where: option });
    expect(error.remedy).toContain('ONNX');
  }
});
