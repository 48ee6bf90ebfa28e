import {
  type ConstrainOptions,
  constrain,
  constraintLog,
  freeze,
  fromNetwork,
  type PlainJSON,
  PolicedNeuralNetwork,
  plainFromJSON,
  policedFromJSON,
  toNetwork,
} from '@police/brainjs';
import {
  ball,
  box,
  certify,
  chain,
  chordProbe,
  dense,
  enforce,
  forward,
  type LoggedReport,
  leakyRelu,
  type Region,
  relu,
  simplex,
} from '@police/core';
import { randomRows } from '@police/testing/conformance/rows';
import { runBound } from '@police/testing/rounding';
import brain, { CrossValidate, NeuralNetwork, NeuralNetworkGPU } from 'brain.js';
import { describe, expect, test } from 'vitest';
import {
  errorOf,
  FLOAT32_ROUNDOFF,
  largestDifference,
  makeNet,
  rowAt,
  runAll,
  seededRng,
  setWeights,
  toData,
  weightsOf,
} from './helpers.js';

const WIDTHS = [2, 8, 6, 1];
const regions = [
  simplex([
    [-0.5, -0.5],
    [1, 0],
    [0, 1],
  ]),
  box([-2, -2], [-1.5, -1]),
];
const x = randomRows(12, 2, 3, 2);
const data = toData(x, { rows: 12, cols: 1, data: Float64Array.from({ length: 12 }, (_, i) => (i % 5) / 5) });
const options = { iterations: 6, learningRate: 0.05, errorThresh: 1e-9 };
const policedNet = (more: Partial<ConstrainOptions> = {}, train: Record<string, unknown> = {}) =>
  constrain(makeNet(WIDTHS, 'leaky-relu', 2, train), { regions, ...more });

/** Largest residual of chords of the regions over what float32 rounding explains. */
function bend(net: PolicedNeuralNetwork<number[], number[]>, where: readonly Region[] = regions): number {
  const ratios = where.map(region => {
    const { points, residual } = chordProbe(region, 20, seededRng(5));
    return residual(runAll(net, points)) / (2 * runBound(toNetwork(net), points, FLOAT32_ROUNDOFF));
  });
  return Math.max(...ratios);
}

/** Whether chords of the regions deviate no more than the tails and float32 rounding explain. */
function isAffineUpToTails(net: PolicedNeuralNetwork<number[], number[]>): boolean {
  const network = toNetwork(net);
  const { approximationErrors } = enforce(network, regions).report;
  return regions.every((region, r) => {
    const { points, residual } = chordProbe(region, 20, seededRng(5));
    const bound = Math.max(...approximationErrors![r]) + runBound(network, points, FLOAT32_ROUNDOFF);
    return residual(runAll(net, points)) <= 2 * bound;
  });
}

describe('train', () => {
  test('calls back and logs as brain.js does, the network affine each time', () => {
    const net = policedNet();
    const seen: number[] = [];
    const logged: number[] = [];
    const status = net.train(data, {
      ...options,
      iterations: 6,
      log: ({ iterations }) => logged.push(iterations),
      logPeriod: 3,
      callback: ({ iterations, error }) => {
        seen.push(iterations);
        expect(error).toBeGreaterThan(0);
        expect(bend(net)).toBeLessThan(1);
      },
      callbackPeriod: 2,
    });
    expect(status.iterations).toBe(6);
    expect(seen).toEqual([2, 4, 6]);
    expect(logged).toEqual([3, 6]);
  });

  test('reports on the constraint as it goes', () => {
    const net = policedNet();
    const reports: LoggedReport[] = [];
    const callback = constraintLog(net, report => reports.push(report), { chords: 10, random: seededRng(3) });
    net.train(data, { ...options, callback, callbackPeriod: 2 });
    expect(reports.map(({ iterations }) => iterations)).toEqual([2, 4, 6]);
    const shifts = Object.values(net.shifts).flatMap(shift => [...shift]);
    expect(reports.at(-1)).toMatchObject({ units: 15, shifted: shifts.filter(c => c !== 0).length });
    for (const { residual, error } of reports) {
      expect(residual).toBeLessThan(2 * runBound(toNetwork(net), x, FLOAT32_ROUNDOFF));
      expect(error).toBeGreaterThan(0);
    }
    const free = constrain(makeNet(WIDTHS, 'leaky-relu', 2), {
      regions: [box([-3, -3], [3, 3])],
      refresh: 1e6,
    });
    // The network itself is looked at, not what is said of it.
    free.runInput = input => input.map(v => v ** 2);
    constraintLog(free, ({ residual }) => expect(residual).toBeGreaterThan(0.1))({ iterations: 1, error: 1 });
  });

  test('stops at errorThresh and at timeout', () => {
    expect(policedNet().train(data, { ...options, errorThresh: 0.99 }).iterations).toBe(1);
    // All of these would take days.
    const { iterations } = policedNet().train(data, { ...options, iterations: 1e9, timeout: 50 });
    expect(iterations).toBeLessThan(1e9);
  });

  test('asynchronously gives what it gives synchronously', async () => {
    const [a, b] = [policedNet(), policedNet()];
    expect(await a.trainAsync(data, options)).toEqual(b.train(data, options));
    expect(weightsOf(a)).toEqual(weightsOf(b));
  });

  test('a second training while one is under way is refused, and the first goes on as if alone', async () => {
    const [a, alone] = [policedNet(), policedNet()];
    const first = a.trainAsync(data, options);
    for (const method of ['train', 'trainAsync'] as const) {
      expect(await errorOf(() => a[method](data, options))).toMatchObject({
        code: 'invalid-option',
        where: method,
      });
    }
    expect(await first).toEqual(alone.train(data, options));
    expect(weightsOf(a)).toEqual(weightsOf(alone));
    a.train(data, { ...options, iterations: 1 });
  });

  test('errors of a log function in a timer reject the promise', async () => {
    const net = policedNet();
    const log = () => {
      throw new RangeError('disk full');
    };
    await expect(net.trainAsync(data, { ...options, log, logPeriod: 1 })).rejects.toThrow('disk full');
    expect((await net.trainAsync(data, { ...options, log: false, iterations: 1 })).iterations).toBe(1);
  });

  test.each(['train', 'trainAsync'] as const)(
    '%s that diverges throws and keeps finite weights',
    async method => {
      const net = policedNet();
      const huge = data.map(({ input, output }) => ({ input: input.map(v => v * 1e3), output }));
      const error = await errorOf(() =>
        net[method](huge, { ...options, learningRate: 0.9, iterations: 500 }),
      );
      expect(error.code).toBe('not-finite');
      expect(error.where).toMatch(/^layer_\d$/);
    },
  );

  test('gives a network without sizes its weights from the data', () => {
    const net = constrain(new NeuralNetwork<number[], number[]>({ activation: 'relu', hiddenLayers: [5] }), {
      regions,
    });
    net.train(data, { ...options, iterations: 2 });
    expect(net.sizes).toEqual([2, 5, 1]);
    expect(bend(net)).toBeLessThan(1);
    const unfit = constrain(new NeuralNetwork<number[], number[]>({ activation: 'relu' }), {
      regions: [box([0], [1])],
    });
    expect(() => unfit.train(data, options)).toThrow(/region 0 \(box\)/);
  });

  test('refuses an activation it cannot constrain; a leaky slope, or with epsilon the activation, may change', async () => {
    const net = policedNet();
    expect(await errorOf(() => net.train(data, { activation: 'sigmoid' }))).toMatchObject({
      code: 'unsupported-activation',
    });
    net.train(data, { ...options, leakyReluAlpha: 0.2 });
    expect(bend(net)).toBeLessThan(1);
    expect(largestDifference(runAll(net, x).data, forward(toNetwork(net), x).data)).toBeLessThan(1e-5);
    const either = policedNet({ epsilon: 2 ** -10 });
    either.train(data, { ...options, activation: 'tanh' });
    expect(isAffineUpToTails(either)).toBe(true);
    expect(largestDifference(runAll(either, x).data, forward(toNetwork(either), x).data)).toBeLessThan(1e-5);
  });
});

describe('sigmoid and tanh', () => {
  const kinds = ['sigmoid', 'tanh'] as const;
  const EPSILON = 2 ** -6;
  const smoothNet = (activation: (typeof kinds)[number], more: Partial<ConstrainOptions> = {}) =>
    constrain(makeNet(WIDTHS, activation, 2, {}, 0.5, 6), { regions, epsilon: EPSILON, ...more });

  test.each(kinds)('%s needs epsilon, and the error says so', async activation => {
    const error = await errorOf(() => constrain(makeNet(WIDTHS, activation, 1), { regions }));
    expect(error).toMatchObject({ code: 'unsupported-activation', actual: `'${activation}'` });
    expect(error.remedy).toContain('pass epsilon');
    expect(await errorOf(() => toNetwork(makeNet(WIDTHS, activation, 1)))).toMatchObject({
      code: 'unsupported-activation',
    });
  });

  test.each(kinds)('%s: a smaller epsilon keeps the output flatter on the regions', activation => {
    const [wide, narrow] = [2 ** -4, 2 ** -8].map(epsilon => {
      const net = smoothNet(activation, { epsilon });
      net.train(data, options);
      expect(isAffineUpToTails(net)).toBe(true);
      const { points, residual } = chordProbe(regions[0], 20, seededRng(5));
      return residual(runAll(net, points));
    });
    expect(narrow).toBeLessThan(wide);
  });

  test.each(kinds)('%s: saved, a run goes on as if never interrupted', activation => {
    const whole = smoothNet(activation);
    whole.train(data, options);
    const resumed = policedFromJSON<number[], number[]>(JSON.parse(JSON.stringify(whole.toJSON())));
    expect(resumed.settings.epsilon).toBe(EPSILON);
    whole.train(data, options);
    resumed.train(data, options);
    expect(weightsOf(resumed)).toEqual(weightsOf(whole));
  });

  test.each(kinds)('%s: frozen it states its error, and toFunction gives the same outputs', activation => {
    const net = smoothNet(activation);
    net.train(data, options);
    const { model, network } = freeze(net);
    const proof = certify(network, regions);
    if (!proof.certified) throw new Error('not certified');
    // The output sits on its own tail; what earlier tails move is kept off its kink.
    for (const { approximationError } of proof.regions) {
      expect(approximationError![0]).toBeGreaterThanOrEqual(EPSILON);
      expect(approximationError![0]).toBeLessThan(1.01 * EPSILON);
    }
    const bound = runBound(network, x, FLOAT32_ROUNDOFF);
    const f = model.toFunction();
    const byFunction = Array.from({ length: x.rows }, (_, i) => (f(rowAt(x, i)) as number[])[0]);
    expect(largestDifference(byFunction, runAll(model, x).data)).toBeLessThan(bound);
  });
});

describe('run', () => {
  test('is constrained whatever is done to the weights', () => {
    const net = policedNet();
    net.weights[1][0][0] = 3;
    net.biases[2][1] = -0.25;
    expect(bend(net)).toBeLessThan(1);
    net.weights[2][0] = Float32Array.from({ length: 8 }, (_, i) => i / 4 - 1);
    expect(bend(net)).toBeLessThan(1);
    expect(largestDifference(runAll(net, x).data, forward(toNetwork(net), x).data)).toBeLessThan(1e-5);
    net.train(data, options);
    expect(bend(net)).toBeLessThan(1);
    net.initialize();
    setWeights(net, seededRng(77));
    expect(bend(net)).toBeLessThan(1);
  });

  test.each([{ refresh: 16 }, { refresh: 5, mode: 'project' }] as const)(
    'also between refreshes, %o',
    more => {
      const net = policedNet(more);
      for (const { input, output } of data) {
        net.trainPattern({ input: Float32Array.from(input), output: Float32Array.from(output) });
        expect(bend(net)).toBeLessThan(1);
      }
      const { network } = freeze(net);
      expect(largestDifference(forward(network, x).data, runAll(net, x).data)).toBeLessThan(1e-5);
    },
  );

  test('project: the weights themselves are constrained when training ends', () => {
    const net = policedNet({ mode: 'project', refresh: 5 });
    net.train(data, options);
    for (const shift of Object.values(net.shifts)) {
      // What rounding a bias to float32 leaves.
      expect(Math.max(...shift.map(Math.abs))).toBeLessThan(32 * FLOAT32_ROUNDOFF);
    }
  });

  test('test measures the constrained network', () => {
    const net = policedNet();
    const expected = runAll(net, x).data.reduce((sum, y, i) => sum + (data[i].output[0] - y) ** 2, 0) / 12;
    expect(net.test(data).error).toBeCloseTo(expected, 5);
  });
});

describe('inputs by name', () => {
  const namedData = data.map(({ input: [height, age], output: [risk] }) => ({
    input: { height, age },
    output: { risk },
  }));
  const make = (list: ConstrainOptions['regions']) =>
    constrain(
      new NeuralNetwork<{ height: number; age: number }, { risk: number }>({
        activation: 'leaky-relu',
        hiddenLayers: [6],
      }),
      { regions: list },
    );
  const probe = chordProbe(ball([0.25, -0.5], 0.5), 20, seededRng(1)); // (age, height)

  test.each([
    { what: 'a box', list: [{ age: [-0.25, 0.75], height: [-1, 0] }] },
    { what: 'any region', list: [{ region: ball([0.25, -0.5], 0.5), names: ['age', 'height'] }] },
  ] as { what: string; list: ConstrainOptions['regions'] }[])('$what in any order of names', ({ list }) => {
    const net = make(list);
    net.train(namedData, options);
    expect(net.inputLookup).toEqual({ height: 0, age: 1 });
    const outputs = Array.from({ length: probe.points.rows }, (_, i) => {
      const [age, height] = rowAt(probe.points, i);
      return net.run({ age, height }).risk;
    });
    const residual = probe.residual({ rows: outputs.length, cols: 1, data: Float64Array.from(outputs) });
    expect(residual).toBeLessThan(1e-6);
    // The same region by place, wrongly read as (height, age), would not do.
    const { model } = freeze(net);
    expect(model.run({ age: 0.25, height: -0.5 }).risk).toBeCloseTo(
      net.run({ age: 0.25, height: -0.5 }).risk,
      6,
    );
    const again = policedFromJSON(JSON.parse(JSON.stringify(net.toJSON())));
    expect(again.regions.map(region => region.toJSON())).toEqual(net.regions.map(region => region.toJSON()));
  });

  test('names that do not fit are refused', async () => {
    for (const list of [[{ age: [0, 1] }], [{ age: [0, 1], height: [0, 1], weight: [0, 1] }]]) {
      const net = make(list as unknown as ConstrainOptions['regions']);
      const error = await errorOf(() => net.train(namedData, options));
      expect(error).toMatchObject({
        code: 'shape',
        where: 'region 0',
        expected: expect.stringContaining('age'),
      });
    }
    const arrays = constrain(makeNet(WIDTHS, 'relu', 1), { regions: [{ a: [0, 1], b: [0, 1] }] });
    expect(await errorOf(() => arrays.train(data, options))).toMatchObject({
      code: 'invalid-option',
      where: 'region 0',
    });
    expect(await errorOf(() => make([7 as never]))).toMatchObject({
      code: 'invalid-option',
      where: 'regions[0]',
    });
  });
});

describe('saved', () => {
  const kinds: { what: string; more: Partial<ConstrainOptions>; train: Record<string, unknown> }[] = [
    { what: 'momentum', more: {}, train: { momentum: 0.9 } },
    { what: 'adam', more: {}, train: { praxis: 'adam' } },
    { what: 'local, refreshed', more: { gradient: 'local', refresh: 5 }, train: {} },
    { what: 'project', more: { mode: 'project', refresh: 3 }, train: {} },
  ];

  test.each(kinds)('$what: a resumed run equals an uninterrupted one', ({ more, train }) => {
    const whole = policedNet(more, train);
    whole.train(data, options);
    const resumed = policedFromJSON<number[], number[]>(JSON.parse(JSON.stringify(whole.toJSON())));
    expect(resumed.sides).toEqual(whole.sides);
    expect(weightsOf(resumed)).toEqual(weightsOf(whole));
    expect(resumed.train(data, options)).toEqual(whole.train(data, options));
    expect(weightsOf(resumed)).toEqual(weightsOf(whole));
    expect(resumed.toJSON()).toEqual(whole.toJSON());
  });

  test('without sides it would not', () => {
    const whole = policedNet();
    whole.train(data, { ...options, iterations: 40 });
    const { police, ...plain } = whole.toJSON();
    const forgetful = policedNet().fromJSON({ ...plain });
    forgetful.biases.forEach((biases, l) => {
      if (l > 0) biases.set(police!.training!.biases[l - 1]);
    });
    expect(forgetful.sides).not.toEqual(whole.sides);
  });

  test('a plain network reads it, constrained', () => {
    const net = policedNet();
    net.train(data, options);
    const plain = new NeuralNetwork<number[], number[]>().fromJSON(net.toJSON());
    const bound = runBound(toNetwork(net), x, FLOAT32_ROUNDOFF);
    expect(largestDifference(runAll(plain, x).data, runAll(net, x).data)).toBeLessThan(bound);
  });

  test('a constrained one reads a plain network’s JSON', async () => {
    const plain = makeNet(WIDTHS, 'leaky-relu', 21);
    const net = policedNet().fromJSON(plain.toJSON());
    expect(weightsOf(net)).toEqual(weightsOf(plain));
    expect(bend(net)).toBeLessThan(1);
    expect(await errorOf(() => policedFromJSON(plain.toJSON()))).toMatchObject({ code: 'invalid-option' });
    expect(await errorOf(() => policedNet().fromJSON(makeNet(WIDTHS, 'tanh', 1).toJSON()))).toMatchObject({
      code: 'unsupported-activation',
    });
  });

  test('damaged training state is refused', async () => {
    const json = policedNet().toJSON();
    json.police!.training!.sides[1].pop();
    expect(await errorOf(() => policedFromJSON(json))).toMatchObject({
      code: 'shape',
      where: 'police.sides[1]',
    });
  });

  test.each([null, undefined, Number.NaN, Infinity, '1'])(
    'a weight or bias of %o is refused',
    async value => {
      const wrong = value as unknown as number;
      const damages: [string, (layers: PlainJSON['layers']) => void][] = [
        ['layers[2] weights', layers => void layers[2].weights[1].fill(wrong, 3, 4)],
        ['layers[1] biases', layers => void layers[1].biases.fill(wrong, 2, 3)],
      ];
      for (const [where, damage] of damages) {
        for (const read of [policedFromJSON, plainFromJSON] as ((json: PlainJSON) => unknown)[]) {
          const json = structuredClone(policedNet().toJSON());
          damage(json.layers);
          const error = await errorOf(() => read(json));
          expect(error).toMatchObject({ code: 'not-finite' });
          expect(error.where.startsWith(where.slice(0, 15))).toBe(true);
        }
      }
      const json: PlainJSON = structuredClone(makeNet(WIDTHS, 'leaky-relu', 21).toJSON());
      expect(weightsOf(plainFromJSON(json))).toEqual(weightsOf(makeNet(WIDTHS, 'leaky-relu', 21)));
    },
  );

  test('layers of other sizes than `sizes` says are refused before a network of those sizes is made', async () => {
    const damages: [string, (json: PlainJSON) => void][] = [
      ['layers[1] biases', json => void json.sizes.fill(1e9, 1, 2)],
      ['layers[1] weights of node 0', json => void json.sizes.fill(1e9, 0, 1)],
      ['layers[2] weights', json => void json.layers[2].weights.pop()],
      ['layers[2] weights of node 1', json => void (json.layers[2].weights[1] as unknown as number[]).pop()],
      ['sizes', json => void json.sizes.pop()],
    ];
    for (const [where, damage] of damages) {
      for (const read of [policedFromJSON, plainFromJSON] as ((json: PlainJSON) => unknown)[]) {
        const json = JSON.parse(JSON.stringify(policedNet().toJSON()));
        damage(json);
        expect(await errorOf(() => read(json))).toMatchObject({ code: 'shape', where });
      }
    }
  });

  test('a policy that is a function cannot be saved', async () => {
    const net = policedNet({ policy: () => 1 });
    expect(await errorOf(() => net.toJSON())).toMatchObject({ code: 'invalid-option', where: 'policy' });
  });
});

describe('frozen', () => {
  test('run, toJSON, fromJSON and toFunction give equal outputs', () => {
    const net = policedNet();
    net.train(data, options);
    const { model } = freeze(net);
    const bound = runBound(toNetwork(net), x, FLOAT32_ROUNDOFF);
    const expected = runAll(net, x).data;
    const loaded = new NeuralNetwork<number[], number[]>().fromJSON(
      JSON.parse(JSON.stringify(model.toJSON())),
    );
    const [byFrozen, byOwn] = [model.toFunction(), net.toFunction()];
    expect(model.constructor).toBe(NeuralNetwork);
    expect(runAll(loaded, x)).toEqual(runAll(model, x));
    expect(largestDifference(runAll(model, x).data, expected)).toBeLessThan(bound);
    for (let i = 0; i < x.rows; i++) {
      for (const f of [byFrozen, byOwn]) {
        expect(Math.abs((f(rowAt(x, i)) as number[])[0] - expected[i])).toBeLessThan(bound);
      }
    }
  });

  test('toFunction works with biases of 0, on which brain.js’s own throws', () => {
    const plain = makeNet(WIDTHS, 'relu', 3);
    for (const biases of plain.biases.slice(1)) biases.fill(0);
    expect(() => plain.toFunction()).toThrow(/bias/);
    const { model, network } = freeze(
      constrain(plain, { regions: [box([2, 2], [3, 3]), box([0, 0], [0, 0])] }),
    );
    expect(toNetwork(model).nodes.length).toBe(network.nodes.length);
    expect(Math.abs((model.toFunction()([1, 1]) as number[])[0] - plain.run([1, 1])[0])).toBeLessThan(1e-5);
  });

  test('CrossValidate trains, tests and picks a constrained network', () => {
    const validate = new CrossValidate(() => policedNet());
    validate.train([...data], options, 3);
    const best = validate.toNeuralNetwork();
    expect(best).toBeInstanceOf(PolicedNeuralNetwork);
    expect(bend(best)).toBeLessThan(1);
    expect(validate.toJSON()!.sets.length).toBe(3);
  });

  test.each([
    {
      what: 'a linear output',
      net: chain(1, [dense([[1]], [1]), relu(), dense([[1]], [1])]),
      code: 'unsupported-layer',
    },
    {
      what: 'two activations',
      net: chain(1, [dense([[1]]), relu(), dense([[1]]), leakyRelu(0.5)]),
      code: 'unsupported-activation',
    },
    { what: 'weights beyond float32', net: chain(1, [dense([[0.1]]), relu()]), code: 'not-frozen' },
    { what: 'a negative slope', net: chain(1, [dense([[1]]), leakyRelu(-0.5)]), code: 'invalid-option' },
  ])('fromNetwork refuses $what', async ({ net, code }) => {
    expect(await errorOf(() => fromNetwork(net))).toMatchObject({ code });
  });
});

describe('refused, with the reason', () => {
  const { LSTM, GRUTimeStep } = brain.recurrent;
  class Own extends NeuralNetwork<number[], number[]> {}
  test.each([
    { net: () => new NeuralNetworkGPU(), reason: /kernels/ },
    { net: () => new LSTM(), reason: /sequence/ },
    { net: () => new GRUTimeStep(), reason: /sequence/ },
    { net: () => policedNet(), reason: /freeze/ },
    { net: () => new Own({ activation: 'relu' }), reason: /subclass/ },
  ])('$reason', async ({ net, reason }) => {
    const error = await errorOf(() => constrain(net() as never, { regions }));
    expect(error).toMatchObject({ code: 'unsupported-layer', where: 'constrain' });
    expect(error.remedy).toMatch(reason);
  });

  test('a network without weights has nothing to read', async () => {
    expect(await errorOf(() => toNetwork(new NeuralNetwork({ activation: 'relu' })))).toMatchObject({
      code: 'unsupported-layer',
    });
  });
});
