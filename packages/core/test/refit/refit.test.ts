import {
  box,
  certify,
  chain,
  dense,
  drift,
  enforce,
  forward,
  freeze,
  leakyRelu,
  lookahead,
  type Matrix,
  matrix,
  type Network,
  operators,
  type Refitted,
  type Region,
  type Rng,
  refit,
  refitSteps,
  relu,
} from '@police/core';
import {
  activationKinds,
  makeRegion,
  randomArray,
  randomNetwork,
  randomRegions,
  regionKinds,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

function around(rng: Rng, rows: number, cols: number, scale = 6): Matrix {
  return matrix(rows, cols, Float64Array.from(randomArray(rng, rows * cols, scale)));
}

const weightsOf = ({ nodes }: Network) =>
  nodes.flatMap(node => (node.kind === 'affine' ? node.operator.parameters.map(p => [...p]) : []));

function expectCertified(net: Network, regions: readonly Region[]): void {
  expect(certify(freeze(net, regions).network, regions).certified).toBe(true);
}

describe('whatever the network, its activation and the regions', () => {
  test.each(regionKinds)(
    'what comes back is certified, and nearer by every stage that is kept, on a %s',
    kind => {
      fc.assert(
        fc.property(seeds, fc.constantFrom(...activationKinds), (seed, activation) => {
          const rng = seededRng(seed);
          const net = randomNetwork(rng, [3, 8, 6, 3], activation);
          const before = weightsOf(net);
          const regions = [makeRegion(kind, 3, rng)];
          const found = refit(net, regions, around(rng, 200, 3), { distil: { steps: 5 } });
          expectCertified(found.enforced.network, regions);
          expect(weightsOf(net), 'the network given').toEqual(before);

          const kept = found.stages.filter(stage => stage.kept);
          expect(kept[0].stage).toBe('shift');
          kept.slice(1).forEach((stage, i) => {
            const [now, was] = [stage, kept[i]];
            expect(now.decisionAgreement).toBeGreaterThanOrEqual(was.decisionAgreement);
            if (now.decisionAgreement === was.decisionAgreement)
              expect(now.meanDrift).toBeLessThan(was.meanDrift);
          });
          // The last one kept is what is given back, on points that the caller can look at himself.
          const { meanDrift, decisionAgreement } = drift(net, found.enforced.network, found.heldOut);
          expect({ meanDrift, decisionAgreement }).toEqual({
            meanDrift: kept.at(-1)!.meanDrift,
            decisionAgreement: kept.at(-1)!.decisionAgreement,
          });
          const shifted = drift(net, enforce(net, regions).network, found.heldOut);
          expect(shifted.meanDrift).toBe(kept[0].meanDrift);
        }),
        { numRuns: 6 },
      );
    },
  );

  test('on several regions at once', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const net = randomNetwork(rng, [3, 8, 6, 3], 'relu');
        const regions = randomRegions(rng, 3, 2);
        expectCertified(refit(net, regions, around(rng, 200, 3)).enforced.network, regions);
      }),
      { numRuns: 10 },
    );
  });
});

describe('convolutions', () => {
  /** Two of them, the second in groups, between bends, and a dense layer. */
  function convolved(rng: Rng): Network {
    const first = operators.conv({
      inShape: [2, 5, 5],
      weight: randomArray(rng, 4 * 2 * 9),
      weightShape: [4, 2, 3, 3],
      bias: randomArray(rng, 4),
      padding: [1, 1, 1, 1],
    });
    const second = operators.conv({
      inShape: [4, 5, 5],
      weight: randomArray(rng, 4 * 2 * 9),
      weightShape: [4, 2, 3, 3],
      groups: 2,
      strides: [2, 2],
    });
    const head = dense(
      Array.from({ length: 3 }, () => randomArray(rng, 16)),
      randomArray(rng, 3),
    );
    return chain(50, [first, relu(), second, leakyRelu(0.1), head]);
  }

  test.each(['per-unit', 'per-channel'] as const)(
    '%s: fitted, it is certified and no farther than by shifts alone',
    sharing => {
      fc.assert(
        fc.property(seeds, seed => {
          const rng = seededRng(seed);
          const net = convolved(rng);
          const regions = [makeRegion('flatPolytope', 50, rng)];
          const found = refit(net, regions, around(rng, 120, 50, 2), { sharing, distil: { steps: 5 } });
          const frozen = freeze(found.enforced.network, regions);
          expect(certify(frozen.network, regions).certified).toBe(true);
          const [before, best] = [found.stages[0], found.stages.filter(({ kept }) => kept).at(-1)!];
          expect(best.decisionAgreement).toBeGreaterThanOrEqual(before.decisionAgreement);
          if (best.decisionAgreement === before.decisionAgreement)
            expect(best.meanDrift).toBeLessThanOrEqual(before.meanDrift);
        }),
        { numRuns: 8 },
      );
    },
  );

  test.each(['per-unit', 'per-channel'] as const)('are fitted and trained, %s', sharing => {
    const rng = seededRng(5);
    const net = convolved(rng);
    const regions = [makeRegion('box', 50, rng)];
    const points = around(rng, 200, 50, 2);
    // All but the second convolution stay: what is nearer is so by its weights.
    const isFree = ({ name }: { readonly name: string }) => name === secondOf(net);
    const fitted = refit(net, regions, points, { isFree, sharing });
    const trained = refit(net, regions, points, { isFree, sharing, distil: { steps: 40 } });
    const drifts = [fitted.stages[0], lastKept(fitted), lastKept(trained)].map(stage => stage.meanDrift);
    expect(drifts[1], `drifts: ${drifts}`).toBeLessThan(drifts[0]);
    expect(drifts[2], `drifts: ${drifts}`).toBeLessThan(drifts[1]);
    weightsOf(trained.network).forEach((values, i) => {
      if (i === 2 || i === 3) expect(values).not.toEqual(weightsOf(net)[i]);
      else expect(values).toEqual(weightsOf(net)[i]);
    });
  });

  const secondOf = ({ nodes }: Network) => nodes.filter(({ kind }) => kind === 'affine')[1].name;
  const lastKept = ({ stages }: Refitted) => stages.filter(({ kept }) => kept).at(-1)!;

  test('of a network that bends nowhere on the region stay as they are', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const net = convolved(rng);
        // A point.
        const region = box(Array(50).fill(0.3), Array(50).fill(0.3));
        const { network: found, stages } = refit(net, [region], around(rng, 60, 50, 2));
        expect(weightsOf(found)).toEqual(weightsOf(net));
        expect(stages.filter(({ kept }) => kept).map(({ stage }) => stage)).toEqual(['shift']);
      }),
      { numRuns: 5 },
    );
  });
});

/** A network and a box on which shifting does much harm. */
function harmed(seed: number): { net: Network; region: Region; points: Matrix } {
  const rng = seededRng(seed);
  const net = randomNetwork(rng, [2, 24, 24, 3], 'relu', 2);
  return { net, region: box([-1, -1], [1, 1]), points: around(rng, 600, 2) };
}

test('it does far less harm than shifting', () => {
  const gains = Array.from({ length: 8 }, (_, seed) => {
    const { net, region, points } = harmed(seed);
    const { stages } = refit(net, [region], points);
    const best = stages.filter(({ kept }) => kept).at(-1)!;
    return stages[0].meanDrift / best.meanDrift;
  }).sort((a, b) => a - b);
  expect(gains[4], `drift before over after: ${gains}`).toBeGreaterThan(3);
});

test('weights that only the region sees go, with what had to be shifted for them', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const rng = seededRng(seed);
      const net = randomNetwork(rng, [3, 16, 3], 'relu', 2);
      // The third input is 0 on all points; on the region it bends many a unit.
      const points = around(rng, 300, 3);
      for (let i = 2; i < points.data.length; i += 3) points.data[i] = 0;
      const region = box([-1e-3, -1e-3, -1], [1e-3, 1e-3, 1]);
      const { stages } = refit(net, [region], points);
      const drifts = new Map(stages.map(({ stage, meanDrift }) => [stage, meanDrift]));
      fc.pre(drifts.get('shift')! > 1e-3);
      expect(drifts.get('narrow')!).toBeLessThan(drifts.get('sides')! / 2);
    }),
    { numRuns: 10 },
  );
});

test('training goes on from there, the same in every run of so many steps', () => {
  const { net, region, points } = harmed(1);
  const run = (steps: number) => refit(net, [region], points, { distil: { steps } });
  const [a, b, longer] = [run(40), run(40), run(120)];
  expect(weightsOf(a.network)).toEqual(weightsOf(b.network));
  const without = refit(net, [region], points)
    .stages.filter(({ kept }) => kept)
    .at(-1)!;
  const trained = longer.stages.at(-1)!;
  expect(trained.stage).toBe('distil');
  expect(trained.kept).toBe(true);
  expect(trained.meanDrift).toBeLessThan(without.meanDrift);
});

test('stopped, training counts with the best that it had', () => {
  const { net, region, points } = harmed(2);
  const steps = refitSteps(net, [region], points, { distil: { steps: 1e9 } });
  let trained = 0;
  for (let next = steps.next(false); ; next = steps.next(trained > 20)) {
    if (next.done) {
      expect(next.value.stages.at(-1)!.stage).toBe('distil');
      expectCertified(next.value.enforced.network, [region]);
      break;
    }
    trained += Number(next.value.stage === 'distil');
    expect(trained).toBeLessThan(30);
  }
});

test('seconds end it too', () => {
  const { net, region, points } = harmed(2);
  expect(refit(net, [region], points, { distil: { seconds: 0.05 } }).stages.at(-1)!.stage).toBe('distil');
});

test('weights that are not free stay to the last bit', () => {
  const { net, region, points } = harmed(3);
  const fixed = net.nodes.filter(({ kind }) => kind === 'affine')[1].name;
  const { network: found, stages } = refit(net, [region], points, {
    isFree: ({ name }) => name !== fixed,
    distil: { steps: 10 },
  });
  const of = ({ nodes }: Network) =>
    nodes.flatMap(n => (n.kind === 'affine' && n.name === fixed ? [...n.operator.parameters[0]] : []));
  expect(of(found)).toEqual(of(net));
  expect(stages.some(({ stage, kept }) => kept && stage !== 'shift')).toBe(true);
});

test('a network that is affine there by itself stays as it is', () => {
  const net = chain(2, [
    dense(
      [
        [1, 0],
        [0, 1],
      ],
      [5, -5],
    ),
    relu(),
    dense([
      [1, 1],
      [1, -1],
    ]),
  ]);
  const region = box([-1, -1], [1, 1]);
  const { network: found, stages } = refit(net, [region], around(seededRng(1), 100, 2));
  expect(weightsOf(found)).toEqual(weightsOf(net));
  expect(stages.filter(({ kept }) => kept).map(({ stage }) => stage)).toEqual(['shift']);
});

test('points in the regions do not count, and too few others are refused', () => {
  const { net, region } = harmed(4);
  const inside = matrix(50, 2, Float64Array.from(randomArray(seededRng(1), 100, 0.9)));
  expect(() => refit(net, [region], inside)).toThrowError(/outside the regions/);
  expect(() => refit(net, [region], matrix(50, 3))).toThrowError(/points/);
});

test('the fitted network does what its shifts make of it', () => {
  const { net, region, points } = harmed(5);
  const { network, sides, enforced } = refit(net, [region], points);
  const again = enforce(network, [region], { sides });
  expect(forward(again.network, points).data).toEqual(forward(enforced.network, points).data);
});

test('a bend that reaches nothing stays, where that is nearest, and training begins with whole shifts', () => {
  // The first unit bends on [−1, 1], but the second is 0 there whatever it does.
  const net = chain(1, [dense([[1]]), relu(), dense([[1]], [-5]), relu(), dense([[1]])]);
  const region = box([-1], [1]);
  const points = matrix(200, 1, Float64Array.from(randomArray(seededRng(1), 200, 9)));
  const { enforced, stages } = refit(net, [region], points, { lookahead, distil: { steps: 5 } });
  const stage = stages.find(each => each.stage === 'lookahead')!;
  expect(stage).toMatchObject({ kept: true, meanDrift: 0 });
  expect(enforced.report.shifted).toBe(0);
  const frozen = freeze(enforced.network, [region], { lookahead });
  expect(certify(frozen.network, [region]).certified).toBe(true);
  expect(forward(frozen.network, points).data).toEqual(forward(net, points).data);
  // Without it the shifts are there, and no stage is told of.
  const plain = refit(net, [region], points);
  expect(plain.stages.some(each => each.stage === 'lookahead')).toBe(false);
  expect(plain.stages[0].meanDrift).toBeGreaterThan(0);
});
