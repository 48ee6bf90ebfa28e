import {
  type AffineMap,
  ball,
  box,
  certify,
  chain,
  type Demand,
  demands,
  dense,
  enforce,
  freeze,
  holdDemand,
  matrixFromRows,
  type PoliceError,
  prescribeByCorrection,
  prescribeByLastLayer,
  provenDemand,
  type Region,
  type Rng,
  relu,
  softplus,
} from '@police/core';
import { DemandHolder, storedMap } from '@police/core/adapter';
import { along, asProved, demandKinds, excessOf, randomDemand } from '@police/testing/demands';
import {
  activationKinds,
  pick,
  randomArray,
  randomNetwork,
  randomRegions,
  runs,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { proveDemand } from '../../src/demands/prove.js';
import { float32 } from '../../src/numeric/precision.js';
import { enclosedMapOn } from '../../src/proof/enclosed-piece.js';

const isExact = (kind: string) =>
  ['rowSums', 'columnSums', 'symmetric', 'antisymmetric', 'through', 'exact'].includes(kind);

const exactly = (map: AffineMap) => ({ ...map, error: new Float64Array(map.b.length) });

describe.each(demandKinds.filter(kind => !isExact(kind)))('the proof of %s', kind => {
  test('holds just inside the border and not just outside', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const [region] = randomRegions(rng, 2 + Math.floor(rng() * 2), 1);
        const random = randomDemand(rng, kind, region);
        // A stability with an equilibrium is proved up to its equation, without P by the eigenvalues: the set of the law is that of its P.
        const demand = withSharedP(random.demand);
        const way = random.displacement(rng);
        const at = (t: number) => along(random.anchor, way, t);
        let [inside, outside] = [0, 1];
        while (excessOf(demand, at(outside), region) <= 0 && outside < 2 ** 20) outside *= 2;
        if (excessOf(demand, at(outside), region) <= 0) return;
        for (let i = 0; i < 60; i++) {
          const middle = (inside + outside) / 2;
          if (excessOf(demand, at(middle), region) <= 0) inside = middle;
          else outside = middle;
        }
        const rounding = 2 ** -36 * (1 + outside);
        const well = at(inside - 2 ** 10 * rounding - inside * 2 ** -16);
        expect(proveDemand(demand, exactly(well), region).holds).toBe(true);
        expect(proveDemand(demand, exactly(at(outside + rounding)), region).holds).toBe(false);
        // A map that is known to no more than this may lie outside.
        const vague = { ...well, error: new Float64Array(region.size).fill(1 + outside) };
        expect(proveDemand(demand, vague, region).holds).toBe(false);
      }),
      { numRuns: runs(40) },
    );
  });
});

/** Without the equilibrium, which displacements keep only to rounding, and with plants, whose P is taken as it is. */
function withSharedP(demand: Demand): Demand {
  if (demand.kind !== 'stable' && demand.kind !== 'hurwitz') return demand;
  const { plants, P } = demand;
  const n = P!.length;
  const none = {
    F: Array.from({ length: n }, () => new Array<number>(n).fill(0)),
    G: Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, k) => Number(i === k))),
  };
  const options = { plants: plants ?? [none], P: P! };
  return demand.kind === 'stable'
    ? demands.stable(demand.radius, options)
    : demands.hurwitz(demand.decay, options);
}

describe('without a P of the demand’s', () => {
  test.each(['stable', 'hurwitz'] as const)(
    '%s is proved as far as the eigenvalues go, and no farther',
    kind => {
      fc.assert(
        fc.property(seeds, seed => {
          const rng = seededRng(seed);
          const n = 2 + Math.floor(rng() * 3);
          const [region] = randomRegions(rng, n, 1);
          const A = matrixFromRows(Array.from({ length: n }, () => randomArray(rng, n)));
          const map = { A, b: new Float64Array(n) };
          const bound = excessOf(
            kind === 'stable' ? demands.stable(1e-300) : demands.hurwitz(0),
            map,
            region,
          );
          const asked = (by: number) =>
            kind === 'stable' ? demands.stable(bound + by) : demands.hurwitz(Math.max(0, -bound - by));
          if (kind === 'hurwitz' && bound > -0.01) {
            if (bound > 0) expect(proveDemand(demands.hurwitz(0), exactly(map), region).holds).toBe(false);
            return;
          }
          expect(proveDemand(asked(0.002), exactly(map), region).holds).toBe(true);
          expect(proveDemand(asked(-1e-9), exactly(map), region).holds).toBe(false);
        }),
        { numRuns: runs(40) },
      );
    },
  );
});

test('near is refused with the last layer', () => {
  const net = chain(2, [
    dense([
      [1, 0],
      [0, 1],
    ]),
  ]);
  const near = {
    A: matrixFromRows([
      [1, 0],
      [0, 1],
    ]),
    b: new Float64Array(2),
  };
  const options = { by: 'last-layer', near } as const;
  const error = errorOf(() => holdDemand(net, box([-1, -1], [1, 1]), demands.symmetric(), options));
  expect(error.code).toBe('invalid-option');
});

describe.each(demandKinds)('%s of a frozen network', kind => {
  test('is proved once stored, and the network stays certified', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const n = 2 + Math.floor(rng() * 2);
        const [region] = randomRegions(rng, n, 1);
        const { demand } = randomDemand(rng, kind, region);
        const net = freeze(randomNetwork(rng, [n, 7, n], pick(rng, activationKinds)), [region]).network;
        const { network, residual } = holdDemand(net, region, demand);
        const [{ map }] = certifiedOn(network, region);
        const rounding = 2 ** -40 * largest(map, region);
        // Without plants P only holds: what is proved are the eigenvalues.
        expect(excessOf(asProved(demand), map, region)).toBeLessThanOrEqual(residual + rounding);
        expect(residual).toBeLessThanOrEqual(2 ** -18 * largest(map, region));
        expect(provenDemand(network, region, demand)).toEqual({ holds: true, residual });
      }),
      { numRuns: runs(12) },
    );
  });

  test('is held nearest to another map, where one is given', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const [region] = randomRegions(rng, 2, 1);
        const { demand } = randomDemand(rng, kind, region);
        const net = freeze(randomNetwork(rng, [2, 5, 2], 'relu'), [region]).network;
        const given = {
          A: matrixFromRows([randomArray(rng, 2, 2), randomArray(rng, 2, 2)]),
          b: Float64Array.from(randomArray(rng, 2)),
        };
        const near = new DemandHolder(demand, region, 2).hold(given).map;
        const [{ map }] = certifiedOn(holdDemand(net, region, demand, { near: given }).network, region);
        const size = largest(near, region) + largest(enforce(net, [region]).report.maps[0], region);
        [...map.A.data, ...map.b].forEach((value, i) => {
          expect(Math.abs(value - [...near.A.data, ...near.b][i])).toBeLessThanOrEqual(2 ** -16 * size);
        });
      }),
      { numRuns: runs(6) },
    );
  });

  test('of a map that is stored, its equations hold exactly where float32 can, its inequalities always', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const [region] = randomRegions(rng, 2 + Math.floor(rng() * 2), 1);
        const demand = inFloat32(randomDemand(rng, kind, region).demand, region.size);
        const holder = new DemandHolder(demand, region, region.size);
        const given = {
          A: matrixFromRows(Array.from({ length: region.size }, () => randomArray(rng, region.size, 2))),
          b: Float64Array.from(randomArray(rng, region.size)),
        };
        const { map, residual } = storedMap(holder, given, float32);
        expect([...map.A.data, ...map.b].every(x => Math.fround(x) === x)).toBe(true);
        const isPoint = kind === 'through' || kind === 'stable' || kind === 'hurwitz';
        if (isPoint) expect(residual).toBeLessThanOrEqual(2 ** -20 * largest(map, region));
        else expect(residual).toBe(0);
      }),
      { numRuns: runs(12) },
    );
  });
});

/** Sums and values that float32 holds. */
function inFloat32(demand: Demand, n: number): Demand {
  const coarse = (x: number) => Math.round(x * 16) / 16;
  if (demand.kind === 'rowSums') return demands.rowSums(demand.sums.map(coarse));
  if (demand.kind === 'columnSums') return demands.columnSums(demand.sums.map(coarse));
  const round = (x: number | null) => (x === null ? null : Math.fround(x));
  if (demand.kind === 'exact' && n > 0)
    return demands.exact({ A: demand.A!.map(row => row.map(round)), b: demand.b!.map(round) });
  return demand;
}

const largest = ({ A, b }: AffineMap, region: Region) =>
  (Math.max(...A.data.map(Math.abs)) + 1) * (1 + Math.max(...region.reach(region.frame))) +
  Math.max(...b.map(Math.abs));

function certifiedOn(...[network, region]: [Parameters<typeof certify>[0], Region]) {
  const proof = certify(network, [region]);
  if (!proof.certified) throw new Error(`${proof.layer} ${proof.unit} ${proof.margin}`);
  return proof.regions;
}

describe('the exact map', () => {
  test('lies within its enclosure, which a network in float64 shows', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const [region] = randomRegions(rng, 3, 1);
        const net = freeze(randomNetwork(rng, [3, 9, 9, 2], pick(rng, activationKinds)), [region], {
          precision: 'float64',
        }).network;
        const { A, b, error } = enclosedMapOn(net, region);
        const [{ map, mapError }] = certifiedOn(net, region);
        const reach = Math.max(1, ...region.reach(region.frame));
        error.forEach((e, j) => {
          expect(e).toBeLessThan(1e-9);
          for (let i = 0; i < 4; i++) {
            const x = region.sample(rng);
            const at = (m: AffineMap) => x.reduce((sum, v, k) => sum + v * m.A.data[j * 3 + k], m.b[j]);
            expect(Math.abs(at({ A, b }) - at(map))).toBeLessThanOrEqual(
              2 * (e * reach + mapError[j]) + 1e-13 * reach,
            );
          }
        });
      }),
      { numRuns: runs(30) },
    );
  });
});

describe('prescribing', () => {
  const wide = (rng: Rng) => randomNetwork(rng, [2, 12, 2], 'leakyRelu');

  test('by the last layer, each region its own demand', () => {
    const rng = seededRng(5);
    const regions = [box([-1, -1], [0, 1]), ball([3, 1], 1)];
    const asked = [demands.symmetric(), demands.lipschitz(0.3)];
    const { network: policed } = enforce(wide(rng), regions);
    const { report } = enforce(prescribeByLastLayer(policed, regions, asked), regions);
    asked.forEach((demand, r) => {
      expect(excessOf(demand, report.maps[r], regions[r])).toBeLessThan(1e-9);
    });
  });

  test('by correction, a demand beside a map', () => {
    const rng = seededRng(6);
    const [region] = randomRegions(rng, 2, 1);
    const { network: policed } = enforce(wide(rng), [region]);
    const demand = demands.all(
      demands.antisymmetric(),
      demands.through([{ x: Array.from(region.sample(rng)), y: [1, -1] }]),
    );
    const [map] = enforce(prescribeByCorrection(policed, region, demand), [region]).report.maps;
    expect(excessOf(demand, map, region)).toBeLessThan(1e-9);
  });
});

describe('refused before anything is trained', () => {
  const [region] = randomRegions(seededRng(1), 2, 1);
  const x = Array.from(region.sample(seededRng(2)));
  const holder = (demand: Demand, outputs = 2) => new DemandHolder(demand, region, outputs);

  test.each<[string, PoliceError['code'], string, () => unknown]>([
    [
      'sums that contradict values',
      'infeasible-target',
      'rowSums',
      () =>
        holder(
          demands.all(
            demands.rowSums([1, 1]),
            demands.exact({
              A: [
                [0, 0],
                [0, 0],
              ],
            }),
          ),
        ),
    ],
    [
      'two values at one point',
      'infeasible-target',
      'through point',
      () =>
        holder(
          demands.through([
            { x, y: [0, 0] },
            { x, y: [1, 0] },
          ]),
        ),
    ],
    [
      'signs against values',
      'infeasible-target',
      'demand',
      () =>
        holder(
          demands.all(
            demands.monotone([
              [1, 1],
              [1, 1],
            ]),
            demands.exact({
              A: [
                [-1, null],
                [null, null],
              ],
            }),
          ),
        ),
    ],
    [
      'limits that contradict each other',
      'infeasible-target',
      'demand',
      () =>
        holder(
          demands.safe(
            [
              [1, 0],
              [-1, 0],
            ],
            [-1, -1],
          ),
        ),
    ],
    [
      'a steep map that is to be flat',
      'infeasible-target',
      'demand',
      () => holder(demands.all(demands.lipschitz(0.1), demands.rowSums([1, 1]))),
    ],
    [
      'a rectangular map that is to be symmetric',
      'invalid-option',
      'symmetric',
      () => holder(demands.symmetric(), 3),
    ],
    ['signs of another size', 'shape', 'monotone', () => holder(demands.monotone([[1, 1]]))],
    [
      'a point outside',
      'invalid-option',
      'through point 0',
      () => holder(demands.through([{ x: [1e3, 1e3], y: [0, 0] }])),
    ],
    ['a norm that is NP-hard', 'invalid-option', 'demand.output', () => demands.lipschitz(1, 'infinity', 1)],
    [
      'plants without P',
      'invalid-option',
      'demand.P',
      () => demands.stable(1, { plants: [{ F: [[1]], G: [[1]] }] }),
    ],
    [
      'P that is not positive',
      'invalid-option',
      'stable P',
      () =>
        holder(
          demands.stable(1, {
            P: [
              [1, 0],
              [0, -1],
            ],
          }),
        ),
    ],
    ['a negative bound', 'invalid-option', 'demand.bound', () => demands.lipschitz(-1)],
    ['rows of unequal lengths', 'shape', 'demand.C[1]', () => demands.safe([[1, 0], [1]], [0, 0])],
    ['not a number', 'not-finite', 'demand.bounds[0]', () => demands.rowLipschitz([Number.NaN])],
  ])('%s', (_, code, where, make) => {
    const error = errorOf(make);
    expect(error).toMatchObject({ code });
    expect(error.where).toContain(where);
    expect(error.message).toContain(error.actual);
  });

  test('a proof of a network that is affine only nearly, or that bends', () => {
    const nearly = chain(2, [
      dense(
        [
          [1, 0],
          [0, 1],
        ],
        [40, 40],
      ),
      softplus(1e-6),
    ]);
    expect(errorOf(() => provenDemand(nearly, box([-1, -1], [1, 1]), demands.symmetric())).code).toBe(
      'unsupported-activation',
    );
    const bent = chain(2, [
      dense([
        [1, 0],
        [0, 1],
      ]),
      relu(),
    ]);
    expect(errorOf(() => provenDemand(bent, box([-1, -1], [1, 1]), demands.symmetric())).code).toBe(
      'not-frozen',
    );
  });
});

function errorOf(action: () => unknown): PoliceError {
  try {
    action();
  } catch (error) {
    return error as PoliceError;
  }
  throw new Error('nothing was refused');
}
