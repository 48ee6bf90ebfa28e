import {
  box,
  certificateFlaw,
  certificateOf,
  certify,
  chain,
  dense,
  enforce,
  forward,
  freeze,
  lookahead,
  type Network,
  network,
  police,
  type Region,
  relu,
  smtProof,
} from '@police/core';
import { type AffineNode, relaxedNodes } from '@police/core/adapter';
import { seemsAffine } from '@police/testing/exact/affine';
import { mixedUnits } from '@police/testing/exact/network';
import { float32Forward } from '@police/testing/float32-forward';
import {
  applyMap,
  makeActivation,
  pick,
  pointsOf,
  randomArray,
  randomRegions,
  runs,
  seededRng,
  seeds,
  snapshot,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { expect, test } from 'vitest';

/** Far from all kinks of the activations below, beyond what the layers before it give. */
const FAR = 40;

/**
 * Two layers that a third reads, most of whose units lie on one side of everything; the others, and what goes around them all, read few of the
 * units before. So many bends end in flat units, and some do not.
 */
function gated(rng: () => number): Network {
  const kind = pick(rng, ['relu', 'relu6', 'hardTanh', 'clip'] as const);
  const layer = (rows: number, cols: number, density: number, bias: readonly number[]) =>
    dense(
      Array.from({ length: rows }, () => randomArray(rng, cols, 1.5).map(w => (rng() < density ? w : 0))),
      bias,
    );
  const gates = Array.from({ length: 4 }, () =>
    rng() < 0.75 ? FAR * (rng() < 0.7 ? -1 : 1) : 2 * rng() - 1,
  );
  const isOpen = gates.map(b => Math.abs(b) < FAR);
  const gate = layer(4, 6, 1, gates);
  isOpen.forEach((open, j) => {
    if (open) gate.weight.data.fill(0, 6 * j + 1, 6 * j + 6);
  });
  return network([
    { kind: 'input', name: 'x', size: 3 },
    { kind: 'affine', name: 'first', input: 'x', operator: layer(7, 3, 1, randomArray(rng, 7)) },
    { kind: 'activation', name: 'bend 1', input: 'first', activation: makeActivation(kind, 7, rng) },
    { kind: 'affine', name: 'second', input: 'bend 1', operator: layer(6, 7, 0.5, randomArray(rng, 6)) },
    { kind: 'activation', name: 'bend 2', input: 'second', activation: makeActivation(kind, 6, rng) },
    { kind: 'affine', name: 'third', input: 'bend 2', operator: gate },
    { kind: 'activation', name: 'gate', input: 'third', activation: makeActivation(kind, 4, rng) },
    { kind: 'affine', name: 'around', input: 'bend 1', operator: layer(1, 7, 0.2, [0]) },
    { kind: 'concat', name: 'both', inputs: ['gate', 'around'] },
    { kind: 'affine', name: 'last', input: 'both', operator: layer(2, 5, 1, [0, 1]) },
  ]);
}

const anyCase = (seed: number): { net: Network; regions: Region[]; rng: () => number } => {
  const rng = seededRng(seed);
  return { net: gated(rng), regions: randomRegions(rng, 3, 1 + Math.floor(2 * rng())), rng };
};

test('what is certified is affine, in exact arithmetic, though units bend; enforcing moves no more units, and freed ones stay', () => {
  const seen = { freed: 0, bent: 0, plain: 0 };
  fc.assert(
    fc.property(seeds, fc.constantFrom('float32' as const, 'float64' as const), (seed, precision) => {
      const { net, regions, rng } = anyCase(seed);
      const { report } = enforce(net, regions);
      const ahead = enforce(net, regions, { lookahead });
      expect(ahead.report.shifted).toBe(report.shifted - (ahead.report.freed ?? 0));
      const { network: frozen } = freeze(ahead.network, regions, { lookahead, precision });
      const proof = certify(frozen, regions);
      expect(proof.certified).toBe(true);
      if (!proof.certified) return;
      seen.freed += ahead.report.freed ?? 0;
      regions.forEach((region, r) => {
        const isBent = mixedUnits(frozen, region).length > 0;
        seen.bent += Number(isBent);
        seen.plain += Number(!isBent);
        expect(isBent && !proof.regions[r].unread).toBe(false);
        for (let i = 0; i < 5; i++) expect(seemsAffine(frozen, region, rng)).toBe(true);
      });
    }),
    { numRuns: runs(60) },
  );
  expect(Math.min(seen.freed, seen.bent, seen.plain)).toBeGreaterThan(15);
});

test('networks as they are: what is certified is affine, what is not seems so rarely', () => {
  let certified = 0;
  fc.assert(
    fc.property(seeds, seed => {
      const { net, regions, rng } = anyCase(seed);
      for (const region of regions) {
        const proof = certify(net, [region]);
        if (!proof.certified) continue;
        certified += Number(mixedUnits(net, region).length > 0);
        for (let i = 0; i < 5; i++) expect(seemsAffine(net, region, rng)).toBe(true);
      }
    }),
    { numRuns: runs(150) },
  );
  expect(certified).toBeGreaterThan(5);
});

test('a float32 runtime stays within its bound of the map where units bend', () => {
  let bent = 0;
  fc.assert(
    fc.property(seeds, seed => {
      const { net, regions, rng } = anyCase(seed);
      const { network: frozen, maps, proof } = police(net, regions, { lookahead });
      regions.forEach((region, r) => {
        bent += Number(proof.regions[r].unread !== undefined);
        const points = pointsOf(region, 20, rng);
        const { inferenceError, mapError, map } = proof.regions[r];
        const [expected, inferred] = [applyMap(map, points), float32Forward(frozen, points).data];
        inferred.forEach((y, i) => {
          const j = i % net.outputSize;
          expect(Math.abs(y - expected[i])).toBeLessThanOrEqual(inferenceError[j] + mapError[j]);
        });
        expect(maps[r].b.length).toBe(net.outputSize);
      });
    }),
    { numRuns: runs(40) },
  );
  expect(bent).toBeGreaterThan(5);
});

test('a gate that is opened loses the certificate, or what reads it bends no more', () => {
  let refused = 0;
  fc.assert(
    fc.property(seeds, seed => {
      const { net, regions, rng } = anyCase(seed);
      const [region] = regions;
      const { network: frozen, proof } = police(net, [region], { lookahead });
      fc.pre(proof.regions[0].unread !== undefined);
      const node = frozen.nodes.find(({ name }) => name === 'third') as AffineNode;
      const j = node.operator.bias.findIndex(b => Math.abs(b) > FAR / 2);
      fc.pre(j >= 0);
      const { values } = relaxedNodes(frozen, region)('third');
      // The middle of what the unit takes, moved to the kink.
      const bias = node.operator.bias.map((b, i) => (i === j ? b - values.data[j] : b));
      const opened = network(
        frozen.nodes.map(other =>
          other === node ? { ...node, operator: node.operator.withBias(bias) } : other,
        ),
      );
      const result = certify(opened, [region]);
      if (!result.certified) refused++;
      else for (let i = 0; i < 5; i++) expect(seemsAffine(opened, region, rng)).toBe(true);
    }),
    { numRuns: runs(60) },
  );
  expect(refused).toBeGreaterThan(20);
});

test('the example of the design: a bend under a constant needs no shift', () => {
  const net = chain(1, [dense([[1]]), relu(), dense([[1]], [-5]), relu(), dense([[2]], [3])]);
  const region = box([-1], [1]);
  expect(enforce(net, [region]).report.shifted).toBe(1);
  const { report, network: same, shifts } = enforce(net, [region], { lookahead });
  expect(report).toMatchObject({ shifted: 0, freed: 1, dead: 1, linear: 0, constantOn: [0] });
  expect(Array.from(shifts.relu_2)).toEqual([0]);
  const { network: frozen, maps } = freeze(same, [region], { lookahead });
  expect(snapshot(frozen)).toEqual(snapshot(freeze(net, []).network));
  expect([maps[0].A.data[0], maps[0].b[0]]).toEqual([0, 3]);
  expect(forward(frozen, { rows: 1, cols: 1, data: Float64Array.of(1) }).data[0]).toBe(3);
  const proof = certify(frozen, [region]);
  expect(proof.certified && proof.regions[0].unread).toEqual([{ name: 'relu_2', units: 1 }]);
  expect(() => proof.certified && smtProof(frozen, [region], proof)).toThrow(/some that may bend/);
  // Of a region where the gate opens it says so.
  const wide = certify(net, [box([-1], [6])]);
  expect(wide).toMatchObject({ certified: false, layer: 'relu_2' });
});

test('its certificate says which units may bend, holds, and is caught where it says otherwise', () => {
  const net = chain(1, [dense([[1], [2]]), relu(), dense([[1, 1]], [-5]), relu(), dense([[2]], [3])]);
  const regions = [box([-1], [1])];
  const bytes = Uint8Array.of(1, 2, 3);
  const certificate = certificateOf(net, regions, bytes);
  expect(certificate.version).toBe(2);
  expect(certificate.regions[0].unread).toEqual([{ name: 'relu_2', units: 2 }]);
  const read = JSON.parse(JSON.stringify(certificate));
  expect(certificateFlaw(read, net, regions, bytes)).toBeUndefined();
  read.regions[0].unread[0].units = 1;
  expect(certificateFlaw(read, net, regions, bytes)).toContain('unread');
});

test('anything but the function is refused, with what to write instead', () => {
  const [net, region] = [chain(1, [dense([[1]], [0])]), box([-1], [1])];
  for (const run of [enforce, freeze, police])
    expect(() => run(net, [region], { lookahead: true as never })).toThrow(
      /'lookahead'|lookahead: expected the function.*got true.*import \{ lookahead \}/s,
    );
});
