import {
  ball,
  bounds,
  box,
  type Certified,
  type ChainLayer,
  certify,
  chain,
  dense,
  type ExactConstraint,
  ellipsoid,
  enforce,
  type Fraction,
  freeze,
  hPolytope,
  inSubspace,
  type Network,
  network,
  operators,
  patch,
  type Region,
  type Rng,
  relu,
  scaled,
  smtProof,
  softplus,
  zonotope,
} from '@police/core';
import { mixedUnits } from '@police/testing/exact/network';
import { CONV_SIZE, convNetwork, randomGraph } from '@police/testing/graphs';
import {
  activationKinds,
  makeRegion,
  pick,
  randomArray,
  randomNetwork,
  regionKinds,
  runs,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import { cumulativeSum } from '@police/testing/operators/cumulative-sum';
import { moreRegionNames, moreRegions } from '@police/testing/regions/cases';
import { answersOf } from '@police/testing/smt/oracle';
import { installedSolvers, solverAnswers } from '@police/testing/smt/solvers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

if (installedSolvers.length === 0)
  console.warn('Neither z3 nor cvc5 is installed: proofs are checked by the exact oracle alone.');

/** By the name of a case, a region of it that linear constraints describe. */
const POLYHEDRA: Readonly<Record<string, (rng: Rng) => Region>> = {
  ...Object.fromEntries(
    regionKinds
      .filter(kind => kind !== 'ball')
      .map(kind => [kind, (rng: Rng) => makeRegion(kind, 3, rng)] as const),
  ),
  ...Object.fromEntries(
    moreRegionNames
      // The regular polygon is a smaller circle.
      .filter(name => !/ball|ellipsoid|circle/.test(name))
      .map(name => [name, (rng: Rng) => moreRegions[name](rng, 1)] as const),
  ),
};

/** Those that the oracle is done with soon. */
const FEW_FACETS = ['box', 'simplex', 'flatPolytope', 'parallelotope', 'hPolytope', 'scaled box'];

/** A network enforced and frozen on regions, with the proof. */
function certified(
  net: Network,
  regions: readonly Region[],
  precision: 'float32' | 'float64' = 'float32',
): { net: Network; proof: Certified } {
  const frozen = freeze(enforce(net, regions).network, regions, { precision }).network;
  const proof = certify(frozen, regions);
  if (!proof.certified) throw new Error(`not certified: ${proof.layer} ${proof.margin}`);
  return { net: frozen, proof };
}

const anyNet = (rng: Rng, size: number): Network =>
  rng() < 0.5 ? randomGraph(rng, size, 2) : randomNetwork(rng, [size, 6, 5, 2], pick(rng, activationKinds));

const textOf = (pieces: Iterable<string>) => [...pieces].join('');

/** The oracle's answers, with which those of every solver that is installed must agree. */
function agreedAnswers(script: string): string[] {
  const answers = answersOf(script);
  for (const solver of installedSolvers) expect(solverAnswers(solver, script), solver).toEqual(answers);
  return answers;
}

const exactly = (x: number): Fraction => {
  let [whole, denominator] = [x, 1n];
  while (!Number.isInteger(whole)) [whole, denominator] = [whole * 2, denominator * 2n];
  return { numerator: BigInt(whole), denominator };
};

/** coefficient · y₀ ≤ limit. */
const limited = (coefficient: number, limit: number): ExactConstraint => ({
  terms: [{ of: 'output', index: 0, coefficient: exactly(coefficient) }],
  relation: '<=',
  bound: exactly(limit),
});

/** That the network written down is the network: its first output reaches what core says, but for rounding, and not beyond. */
function expectRange(net: Network, region: Region, proof: Certified): void {
  const { lower, upper } = bounds(net, region);
  const room = 1e-9 * (1 + Math.abs(lower[0]) + Math.abs(upper[0]));
  const unsafe = [
    [limited(1, lower[0] - room)],
    [limited(-1, -upper[0] - room)],
    [limited(1, lower[0] + room)],
    [limited(-1, -upper[0] + room)],
  ];
  const answers = agreedAnswers(textOf(smtProof(net, [region], proof, { unsafe }).text()));
  expect(answers.slice(-4)).toEqual(['unsat', 'unsat', 'sat', 'sat']);
  expect(new Set(answers.slice(0, -2))).toEqual(new Set(['unsat']));
}

describe('every question of a proof is answered by unsat', () => {
  test.each(Object.keys(POLYHEDRA))('%s', name => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = POLYHEDRA[name](rng);
        const { net, proof } = certified(anyNet(rng, region.size), [region]);
        const smt = smtProof(net, [region], proof);
        const text = textOf(smt.text());
        expect(text.length).toBe(smt.bytes);
        const answers = agreedAnswers(text);
        expect(answers).toHaveLength(smt.questions);
        expect(new Set(answers)).toEqual(new Set(['unsat']));
      }),
      { numRuns: runs(1) },
    );
  });

  test('several regions, each with its own winners and sides', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const regions = [0, 1, 2].map(() => makeRegion(pick(rng, ['box', 'simplex', 'point']), 3, rng));
        const { net, proof } = certified(randomGraph(rng, 3, 2), regions);
        const answers = agreedAnswers(textOf(smtProof(net, regions, proof).text()));
        expect(new Set(answers)).toEqual(new Set(['unsat']));
      }),
      { numRuns: runs(4) },
    );
  });

  test('convolutions, overlapping pools and averages', { timeout: 120_000 }, () => {
    const rng = seededRng(5);
    const basis = [0, 1].map(() => randomArray(rng, CONV_SIZE, 0.2));
    const regions = [
      inSubspace(box([-1, -1], [1, 1]), randomArray(rng, CONV_SIZE), basis),
      zonotope(randomArray(rng, CONV_SIZE), basis),
    ];
    for (const region of regions) {
      const { net, proof } = certified(convNetwork(rng), [region]);
      expectRange(net, region, proof);
    }
  });

  test('every operator of rational weights', () => {
    const rng = seededRng(9);
    const shape: [number, number, number] = [1, 3, 3];
    const layers: ChainLayer[] = [
      operators.permuted(
        operators.conv({
          inShape: shape,
          weight: randomArray(rng, 8),
          weightShape: [2, 1, 2, 2],
          bias: randomArray(rng, 2),
          padding: [1, 1, 0, 0],
        }),
        { inputs: operators.transpose(shape, [0, 2, 1]), outputs: operators.transpose([2, 3, 3], [1, 2, 0]) },
      ),
      relu(),
      operators.divide(randomArray(rng, 18).map(x => x + Math.sign(x))),
      operators.addConstant(randomArray(rng, 18)),
      operators.averagePool({ shape: [2, 3, 3], kernel: [3, 2], strides: [1, 1], padding: [1, 0, 1, 0] }),
      relu(),
      operators.pad([2, 3, 2], [0, 0, 1, 0, 1, 0], 0.25),
      operators.convTranspose({
        inShape: [2, 4, 3],
        weight: randomArray(rng, 8),
        weightShape: [2, 1, 2, 2],
        bias: [0.1],
        strides: [2, 1],
      }),
      operators.meanOver({ shape: [1, 8, 4], axes: [2] }),
      operators.scale({ factor: randomArray(rng, 8) }),
      dense([randomArray(rng, 8)]),
    ];
    const region = inSubspace(box([-1, -1], [1, 1]), randomArray(rng, 9), [
      randomArray(rng, 9),
      randomArray(rng, 9),
    ]);
    const { net, proof } = certified(chain(9, layers), [region]);
    expectRange(net, region, proof);
  });
});

describe('patched networks', () => {
  test('a patch is its map on its region, whatever the network is there', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = POLYHEDRA[pick(rng, FEW_FACETS)](rng);
        const patched = patch(anyNet(rng, region.size), [region], { precision: 'float32' }).network;
        const proof = certify(patched, [region]);
        if (!proof.certified) throw new Error(`not certified: ${proof.layer} ${proof.margin}`);
        const text = textOf(smtProof(patched, [region], proof).text());
        expect(new Set(agreedAnswers(text))).toEqual(new Set(['unsat']));
        expect(text).toContain('radii of clamps');
        expectRange(patched, region, proof);
      }),
      { numRuns: runs(6) },
    );
  });

  test('a gap that is not 0 all over the region is found', () => {
    const net = randomNetwork(seededRng(4), [2, 5, 1], 'relu');
    const patched = patch(net, [box([0, 0], [1, 1])], { precision: 'float32' }).network;
    const [inner, outer] = [box([0.2, 0.2], [0.8, 0.8]), box([0.2, 0.2], [0.8, 1.5])];
    const proof = certify(patched, [inner]) as Certified;
    const text = textOf(smtProof(patched, [inner], proof).text());
    expect(agreedAnswers(text)).not.toContain('sat');
    // The same claims on a region that reaches out of the patch.
    const wider = text.replace(/\(assert \(<= x1 .*\)\)/, '(assert (<= x1 (/ 3 2)))');
    expect(wider).not.toBe(text);
    expect(agreedAnswers(wider)).toContain('sat');
    expect(certify(patched, [outer]).certified).toBe(false);
  });

  test('a patch that leaves a region alone is refused: bounds prove that, not pieces', () => {
    const net = freeze(randomNetwork(seededRng(4), [2, 5, 1], 'leakyRelu'), [], {
      precision: 'float32',
    }).network;
    const regions = [box([0, 0], [1, 1]), box([4, 4], [5, 5])];
    const patched = patch(net, regions, { precision: 'float32' }).network;
    const proof = certify(patched, regions);
    expect(proof.certified).toBe(true);
    expect(() => smtProof(patched, regions, proof as Certified)).toThrow(/leave this region alone/);
  });
});

describe('what does not hold is answered by sat', () => {
  test('a claim turned round, at that question and nowhere else', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = POLYHEDRA[pick(rng, FEW_FACETS)](rng);
        const { net, proof } = certified(anyNet(rng, region.size), [region]);
        const pieces = [...smtProof(net, [region], proof).text()];
        const claims = pieces.flatMap((piece, i) => (/\(assert \([<>] n/.test(piece) ? [i] : []));
        const at = pick(rng, claims);
        pieces[at] = pieces[at].replace(/\(assert \(([<>])/, (_, is) => `(assert (${is === '<' ? '>' : '<'}`);
        const question = pieces.slice(0, at).filter(piece => piece.includes('(check-sat)')).length;
        const answers = agreedAnswers(pieces.join(''));
        expect(answers.flatMap((answer, i) => (answer === 'sat' ? [i] : []))).toEqual([question]);
      }),
      { numRuns: runs(6) },
    );
  });

  test('a bias moved where a unit is written as a function of the region', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = makeRegion('box', 3, rng);
        const { net, proof } = certified(randomNetwork(rng, [3, 5, 4, 2], 'relu'), [region]);
        const pieces = [...smtProof(net, [region], proof).text()];
        const rows = pieces.flatMap((piece, i) => (piece.includes('(distinct ') ? [i] : []));
        fc.pre(rows.length > 0);
        const at = pick(rng, rows);
        pieces[at] = pieces[at].replace(/\(distinct (\S+) /, '(distinct (+ $1 (/ 1 1099511627776)) ');
        expect(agreedAnswers(pieces.join(''))).toContain('sat');
      }),
      { numRuns: runs(5) },
    );
  });

  test('a side told wrong', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = makeRegion('simplex', 3, rng);
        const { net, proof } = certified(randomNetwork(rng, [3, 5, 4, 2], 'leakyRelu'), [region]);
        for (const { shifts } of proof.pieces!.layers.values()) {
          const unit = Math.floor(rng() * shifts.sides.length);
          shifts.sides[unit] = -shifts.sides[unit];
        }
        expect(agreedAnswers(textOf(smtProof(net, [region], proof).text()))).toContain('sat');
      }),
      { numRuns: runs(10) },
    );
  });

  test('a network that exact arithmetic finds bent, proved as if its biases had been moved', () => {
    const seen = { bent: 0, affine: 0 };
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = makeRegion(
          pick(rng, ['box', 'simplex', 'crossPolytope']),
          3,
          rng,
          pick(rng, [0.02, 0.2]),
        );
        const before = anyNet(rng, 3);
        const { proof } = certified(before, [region], 'float64');
        const isBent = mixedUnits(before, region).length > 0;
        seen[isBent ? 'bent' : 'affine']++;
        const answers = agreedAnswers(textOf(smtProof(before, [region], proof).text()));
        expect(answers.includes('sat')).toBe(isBent);
      }),
      { numRuns: runs(20) },
    );
    expect(Math.min(seen.bent, seen.affine)).toBeGreaterThan(0);
  });
});

test('a property is asked last: unsat short of what the output reaches, sat beyond', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const rng = seededRng(seed);
      const region = POLYHEDRA[pick(rng, FEW_FACETS)](rng);
      const { net, proof } = certified(anyNet(rng, region.size), [region]);
      const { lower, upper } = bounds(net, region);
      const room = 1e-6 * (1 + Math.abs(lower[0]) + Math.abs(upper[0]));
      const isReached = rng() < 0.5;
      const unsafe = [
        [limited(1, lower[0] - room)],
        [limited(1, isReached ? upper[0] + room : lower[0] - 2 * room), limited(1, upper[0] + 1)],
      ];
      const smt = smtProof(net, [region], proof, { unsafe });
      const answers = agreedAnswers(textOf(smt.text()));
      expect(answers).toHaveLength(smt.questions);
      expect(answers.slice(-2)).toEqual(['unsat', isReached ? 'sat' : 'unsat']);
      expect(new Set(answers.slice(0, -2))).toEqual(new Set(['unsat']));
    }),
    { numRuns: runs(6) },
  );
});

test('inputs may be part of a property', () => {
  const net = chain(2, [dense([[1, 1]])]);
  const region = box([0, 0], [1, 2]);
  const proof = certify(net, [region]) as Certified;
  const one = exactly(1);
  /** y + sign · x₁ < 0. */
  const property = (sign: number): ExactConstraint => ({
    terms: [
      { of: 'output', index: 0, coefficient: one },
      { of: 'input', index: 1, coefficient: exactly(sign) },
    ],
    relation: '<',
    bound: exactly(0),
  });
  const answers = (sign: number) =>
    agreedAnswers(textOf(smtProof(net, [region], proof, { unsafe: [[property(sign)]] }).text()));
  expect(answers(-1)).toEqual(['unsat']);
  expect(answers(-2)).toEqual(['sat']);
});

describe('what linear arithmetic over the rationals cannot say is refused by name', () => {
  const small = chain(2, [dense([[1, 2]])]);
  const proofOf = (net: Network, region: Region) =>
    smtProof(net, [region], certify(net, [region]) as Certified);
  const square = box([3, 3], [4, 4]);

  test.each([
    ['a ball', () => proofOf(small, ball([0, 0], 1)), /ball: .*box/s],
    ['an ellipsoid', () => proofOf(small, ellipsoid([0, 0], [[1, 0]])), /ellipsoid: /],
    ['a ball in others', () => proofOf(small, scaled(ball([0, 0], 1), 0.5)), /ball: /],
    [
      'the mean of vertices that are not listed',
      () =>
        proofOf(
          small,
          scaled(
            hPolytope(
              [
                [1, 1],
                [-1, 0],
                [0, -1],
              ],
              [1, 0, 0],
            ),
            0.5,
          ),
        ),
      /scaled hPolytope: /,
    ],
    [
      'a smooth activation',
      () => proofOf(chain(2, [dense([[1, 1]], [100]), softplus(1e-6)]), square),
      /softplus/,
    ],
    [
      'a batch normalisation',
      () =>
        proofOf(
          chain(2, [operators.normalize({ gamma: [1, 1], mean: [0, 0], variance: [2, 2], epsilon: 1e-5 })]),
          square,
        ),
      /batch normalisation/,
    ],
    [
      'an interpolation in thirds',
      () =>
        proofOf(
          chain(2, [operators.resizeLinear({ shape: [1, 2], outSize: [4], coordinates: 'align_corners' })]),
          square,
        ),
      /interpolation/,
    ],
    [
      "an operator of one's own",
      () => proofOf(chain(2, [cumulativeSum(new Float64Array(2))]), square),
      /own/,
    ],
  ])('%s', (_name, make, message) => {
    expect(make).toThrow(message);
  });

  test('a text beyond the limit, before any of it is read', () => {
    const proof = certify(small, [square]) as Certified;
    expect(() => smtProof(small, [square], proof, { limit: 100 })).toThrow(/smtProof: .*limit/s);
  });
});

test('names of nodes stay comments', () => {
  const net = network([
    { kind: 'input', name: 'x\n(check-sat)', size: 1 },
    { kind: 'affine', name: 'ü', input: 'x\n(check-sat)', operator: dense([[1]]) },
  ]);
  const smt = smtProof(net, [box([0], [1])], certify(net, [box([0], [1])]) as Certified);
  expect(answersOf(textOf(smt.text()))).toEqual([]);
  expect(smt.questions).toBe(0);
});
