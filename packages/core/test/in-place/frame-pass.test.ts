import {
  type Activation,
  dense,
  elu,
  hardSwish,
  identity,
  type Network,
  type NetworkNode,
  network,
  type Policy,
  type Region,
  type Rng,
  sigmoid,
  softplus,
} from '@police/core';
import {
  activateFrameAdjoint,
  addUnitGradient,
  backwardFrames,
  biasGradient,
  type FlatBlock,
  type FlatLayer,
  type FlatNetwork,
  type FramePass,
  forwardFrames,
  framePass,
  policedPass,
} from '@police/core/adapter';
import { bent } from '@police/testing/bent';
import {
  activationKinds,
  expectClose,
  makeActivation,
  pick,
  policies,
  randomArray,
  randomRegions,
  roundingBoundOn,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import { moreRegionNames, moreRegions } from '@police/testing/regions/cases';
import { roundedBox } from '@police/testing/regions/rounded-box';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Matrix, matrix, rowRange } from '../../src/numeric/matrix.js';
import { box, regularPolygon } from '../../src/regions/index.js';

const others = [
  bent,
  () => sigmoid(0.05),
  () => softplus(0.05),
  () => hardSwish(),
  () => elu(),
  () => identity(),
];

const anyActivation = (units: number, rng: Rng): Activation =>
  rng() < 0.3 ? pick(rng, others)() : makeActivation(pick(rng, activationKinds), units, rng);

/** Layers fed by the one before and some earlier ones, in either precision. */
function randomFlat(rng: Rng, widths: readonly number[], precision: 32 | 64, scale: number): FlatNetwork {
  const numbers = (count: number, reach: number) =>
    precision === 32
      ? Float32Array.from(randomArray(rng, count, reach))
      : Float64Array.from(randomArray(rng, count, reach));
  const layers = widths.slice(1).map((units, l): FlatLayer => {
    const sources = Array.from({ length: l + 1 }, (_, source) => source).filter(s => s === l || rng() < 0.3);
    return {
      name: `layer${l}`,
      units,
      bias: numbers(units, scale),
      blocks: sources.map((source): FlatBlock => {
        const sourceSize = widths[source];
        return {
          source,
          sourceSize,
          weights: numbers(units * sourceSize, scale * Math.sqrt(3 / sourceSize)),
        };
      }),
      activation: anyActivation(units, rng),
    };
  });
  return { inputSize: widths[0], layers };
}

/** The same as a core network; identities are no nodes of it. */
function coreOf({ inputSize, layers }: FlatNetwork): Network {
  const nodes: NetworkNode[] = [{ kind: 'input', name: 'input', size: inputSize }];
  const values = ['input'];
  for (const { name, units, bias, blocks, activation } of layers) {
    const inputs = blocks.map(({ source }) => values[source]);
    nodes.push({ kind: 'concat', name: `${name}_inputs`, inputs });
    const rows = Array.from({ length: units }, (_, j) =>
      blocks.flatMap(({ sourceSize: n, weights }) => Array.from(weights.subarray(j * n, (j + 1) * n))),
    );
    nodes.push({ kind: 'affine', name, input: `${name}_inputs`, operator: dense(rows, bias) });
    if (activation.name === 'identity') values.push(name);
    else {
      nodes.push({ kind: 'activation', name: `${name}_act`, input: name, activation });
      values.push(`${name}_act`);
    }
  }
  return network(nodes);
}

/** Kinds of four dimensions, one among them that core does not know. */
const kindsOf4 = [
  ...moreRegionNames.map(name => moreRegions[name]).filter(make => make(seededRng(1), 1).size === 4),
  (rng: Rng, scale: number) => roundedBox(randomArray(rng, 4, scale), [scale, scale / 2, scale, scale / 4]),
];

interface Case {
  readonly net: FlatNetwork;
  readonly core: Network;
  readonly regions: readonly Region[];
  readonly policy: Policy;
  readonly kept: readonly Int8Array[];
  readonly tolerance: number;
}

const cases = fc.record({
  seed: seeds,
  widths: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 5 }),
  count: fc.integer({ min: 1, max: 3 }),
  scale: fc.constantFrom(1 / 8, 1, 8),
  precision: fc.constantFrom(32 as const, 64 as const),
});

type Drawn = typeof cases extends fc.Arbitrary<infer T> ? T : never;

function makeCase({ seed, widths: [first, ...others], count, scale, precision }: Drawn): Case {
  const rng = seededRng(seed);
  const isPlanar = rng() < 0.2;
  const inputSize = isPlanar ? 2 : rng() < 0.4 ? 4 : first;
  const regions = isPlanar
    ? Array.from({ length: count }, () =>
        regularPolygon(3 + Math.floor(40 * rng()), randomArray(rng, 2), scale),
      )
    : inputSize === 4
      ? Array.from({ length: count }, () => pick(rng, kindsOf4)(rng, scale))
      : randomRegions(rng, inputSize, count, scale);
  const net = randomFlat(rng, [inputSize, ...others], precision, scale);
  const core = coreOf(net);
  const kept = net.layers.map(({ units, activation }) =>
    Int8Array.from({ length: units * count * activation.kinks.length }, () => pick(rng, [-1, 0, 1])),
  );
  const policy = pick(rng, Object.values(policies));
  const tolerance = Math.max(...regions.map(region => roundingBoundOn(core, region)));
  return { net, core, regions, policy, kept, tolerance };
}

function passOf({ net, regions, policy, kept }: Case): FramePass {
  const pass = framePass(net, regions, policy);
  pass.layers.forEach((layer, l) => {
    layer.kept.set(kept[l]);
  });
  forwardFrames(pass);
  return pass;
}

const byName = (values: readonly Int8Array[]) =>
  Object.fromEntries(values.map((sides, l) => [`layer${l}_act`, sides]));

describe('on generated networks, regions and policies, weights of either precision', () => {
  test('the shifts, sides and frames are those of the policed pass', () => {
    fc.assert(
      fc.property(cases, drawn => {
        const made = makeCase(drawn);
        const { core, regions, policy, kept, tolerance } = made;
        const expected = policedPass(core, regions, { policy, previous: byName(kept) });
        passOf(made).layers.forEach((found, l) => {
          const { name, activation } = made.net.layers[l];
          const frames = expected.values.get(name)!;
          expectClose(
            found.h,
            frames.flatMap(({ data }) => [...data]),
            tolerance,
            `frames of ${name}`,
          );
          if (activation.name === 'identity') return;
          const { shifts } = expected.layers.get(`${name}_act`)!;
          expectClose(found.shift, shifts.shift, tolerance, `shifts of ${name}`);
          expect([...found.sides], `sides of ${name}`).toEqual([...shifts.sides]);
          expect([...found.kept]).toEqual([...shifts.sides]);
          expect([...found.active], `active constraints of ${name}`).toEqual([...shifts.active]);
        });
      }),
      { numRuns: 200 },
    );
  });

  test('the gradient through the shifts is that of the readable rule, exact and local', () => {
    fc.assert(
      fc.property(cases, fc.boolean(), (drawn, isLocal) => {
        const made = makeCase(drawn);
        const rng = seededRng(drawn.seed + 1);
        const pass = passOf(made);
        const pulls = pass.layers.map(({ pull }) => Float64Array.from(randomArray(rng, pull.length)));
        pass.layers.forEach(({ pull }, l) => {
          pull.set(pulls[l]);
        });
        const expected = readableGradient(made, pulls, isLocal);
        backwardFrames(pass, isLocal);
        expected.forEach(({ weights, bias, size }, l) => {
          const { name, units, blocks } = made.net.layers[l];
          // Sums of at most rows · units products in each of at most four layers.
          const tolerance = 64 * pass.rows * 9 * Number.EPSILON * size;
          blocks.forEach(({ sourceSize }, b) => {
            const found = new Float64Array(units * sourceSize);
            for (let j = 0; j < units; j++) addUnitGradient(pass, l, b, j, found, j * sourceSize);
            expectClose(found, weights[b], tolerance, `weights ${b} of ${name}`);
          });
          const biases = Float64Array.from(bias, (_, j) => biasGradient(pass, l, j));
          expectClose(biases, bias, tolerance, `biases of ${name}`);
          expect(
            pass.layers[l].pull.every(d => d === 0),
            'the pull is used up',
          ).toBe(true);
        });
      }),
      { numRuns: 200 },
    );
  });
});

/** −dLoss/dparameters by layer, from −dLoss/dc: `activateFrameAdjoint` and the operators' adjoints. */
function readableGradient(
  { net, core, regions, policy, kept }: Case,
  pulls: readonly Float64Array[],
  isLocal: boolean,
) {
  const pass = policedPass(core, regions, { policy, previous: byName(kept) });
  const values = (source: number) =>
    pass.values.get(
      source === 0
        ? 'input'
        : net.layers[source - 1].activation.name === 'identity'
          ? `layer${source - 1}`
          : `layer${source - 1}_act`,
    )!;
  const zeros = (units: number) => regions.map(({ frame }) => matrix(frame.rows, units));
  const dy = net.layers.map(({ units }) => zeros(units));
  let size = 1;
  const gradients = pulls.map(() => ({ weights: [] as Float64Array[], bias: new Float64Array(0), size: 1 }));
  for (let l = pulls.length - 1; l >= 0; l--) {
    const { name, units, blocks, activation } = net.layers[l];
    let dh: Matrix[] = dy[l];
    if (activation.name !== 'identity') {
      const { frames, shifts } = pass.layers.get(`${name}_act`)!;
      dh = zeros(units);
      activateFrameAdjoint(regions, frames, activation, shifts, dy[l], pulls[l], dh);
    }
    const weights = blocks.map(({ source, sourceSize, weights: w }) => {
      const gradient = new Float64Array(units * sourceSize);
      regions.forEach((_, r) => {
        const x = values(source)[r];
        for (let t = 0; t < x.rows; t++)
          for (let j = 0; j < units; j++)
            for (let p = 0; p < sourceSize; p++) {
              const d = dh[r].data[t * units + j];
              const term = d * x.data[t * sourceSize + p];
              gradient[j * sourceSize + p] += term;
              size = Math.max(size, Math.abs(term));
              if (source > 0 && !isLocal)
                dy[source - 1][r].data[t * sourceSize + p] += d * w[j * sourceSize + p];
            }
      });
      return gradient;
    });
    const bias = new Float64Array(units);
    for (const block of dh)
      rowRange(block, 0, 1).data.forEach((d, j) => {
        bias[j] += d;
      });
    gradients[l] = { weights, bias, size };
  }
  return gradients.map(gradient => ({ ...gradient, size }));
}

describe('refuses', () => {
  const layer = (weights: FlatLayer['bias'], bias: FlatLayer['bias'], source: number): FlatLayer => ({
    name: `layer${source}`,
    units: bias.length,
    bias,
    blocks: [{ source, sourceSize: weights.length / bias.length, weights }],
    activation: makeActivation('relu', bias.length, Math.random),
  });
  const regions = [box([-1, -1], [1, 1])];
  // The first units lie above their kinks by themselves, so that sides below would change.
  const netOf = (Numbers: Float32ArrayConstructor | Float64ArrayConstructor): FlatNetwork => ({
    inputSize: 2,
    layers: [
      layer(Numbers.of(0.9, 0.9, -0.9, -0.9), Numbers.of(2, 2), 0),
      layer(Numbers.of(1, -1), Numbers.of(0), 1),
    ],
  });

  test.each<[string, number, 32 | 64, string]>([
    ['weights whose range overflows, though no frame value does', 6e307, 64, 'not-finite'],
    ['NaN among the weights', Number.NaN, 64, 'not-finite'],
    ['infinite weights', Infinity, 32, 'not-finite'],
    ['a shift beyond float32', 1e38, 32, 'no-free-shift'],
  ])('%s, and keeps the sides', (_what, weight, precision, code) => {
    const net = netOf(precision === 32 ? Float32Array : Float64Array);
    const pass = framePass(net, regions, 'sticky');
    pass.layers[0].kept.fill(-1);
    net.layers[1].blocks[0].weights.set([weight, -weight]);
    expect(() => forwardFrames(pass)).toThrow(expect.objectContaining({ code, where: 'layer1' }));
    expect([...pass.layers[0].kept]).toEqual([-1, -1]);
    net.layers[1].blocks[0].weights.set([1, -1]);
    forwardFrames(pass);
    expect([...pass.layers[0].kept]).toEqual([1, 1]);
  });
});
