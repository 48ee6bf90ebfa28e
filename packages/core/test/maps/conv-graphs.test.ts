import {
  boxAround,
  certify,
  enforce,
  foldShifts,
  forward,
  freeze,
  matrixFromRows,
  network,
  operators,
  policedBackward,
  policedForward,
  type Region,
  type Rng,
  vPolytope,
} from '@police/core';
import { STEP } from '@police/testing/finite-differences';
import { CONV_INPUT, CONV_SIZE, convNetwork } from '@police/testing/graphs';
import {
  applyMap,
  expectClose,
  makeRegion,
  pick,
  pointsOf,
  randomArray,
  roundingBoundOn,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const regionsFor = (rng: Rng): Region[] => [
  makeRegion(pick(rng, ['box', 'ball', 'crossPolytope'] as const), CONV_SIZE, rng, 0.3),
  vPolytope(Array.from({ length: 6 }, () => randomArray(rng, CONV_SIZE))),
];

describe('graphs with convolutions, batch-norm, pooling and residuals', () => {
  test.each(['per-unit', 'per-channel'] as const)(
    '%s: affine on every region, certified after freezing',
    sharing => {
      fc.assert(
        fc.property(seeds, seed => {
          const rng = seededRng(seed);
          const net = convNetwork(rng);
          const regions = regionsFor(rng);
          const { network: policed, report } = enforce(net, regions, { sharing });
          expect(report.shifted).toBeGreaterThan(0);
          const frozen = freeze(policed, regions);
          const proof = certify(frozen.network, regions);
          expect(proof.certified).toBe(true);
          regions.forEach((region, r) => {
            const points = pointsOf(region, 5, rng);
            const tolerance = roundingBoundOn(policed, region);
            expectClose(
              forward(policed, points).data,
              applyMap(report.maps[r], points),
              tolerance,
              `region ${r}`,
            );
            if (!proof.certified) return;
            const exact = applyMap(proof.regions[r].map, points);
            expectClose(
              forward(frozen.network, points).data,
              exact,
              roundingBoundOn(frozen.network, region),
              'frozen',
            );
          });
        }),
        { numRuns: 25 },
      );
    },
  );

  test('per-channel shifts fold into the convolution; per-unit ones stay an addition', () => {
    const rng = seededRng(2);
    const net = convNetwork(rng);
    const regions = regionsFor(rng);
    const shiftOf = (name: string, sharing: 'per-unit' | 'per-channel') => {
      const folded = foldShifts(enforce(net, regions, { sharing }).network);
      const node = folded.nodes.find(other => other.name === name)!;
      return node.kind === 'activation' ? node.shift : undefined;
    };
    expect(shiftOf('bend1', 'per-channel')).toBeUndefined();
    expect(shiftOf('bend1', 'per-unit')).toBeDefined();
    // The residual sum has no bias of its own, shared or not.
    expect(shiftOf('bend2', 'per-channel')).toBeDefined();
  });

  test('sharing shifts further than each unit needs, never less', () => {
    const rng = seededRng(4);
    const net = convNetwork(rng);
    const regions = regionsFor(rng);
    const own = enforce(net, regions).report.layers[0];
    const shared = enforce(net, regions, { sharing: 'per-channel' }).report.layers[0];
    expect(shared.totalShift).toBeGreaterThan(own.totalShift);
  });

  test('the gradient of a convolution’s weights and biases goes through shared shifts', () => {
    const rng = seededRng(6);
    const net = convNetwork(rng);
    const regions = [boxAround(randomArray(rng, CONV_SIZE), 0.2)];
    const x = matrixFromRows(Array.from({ length: 3 }, () => randomArray(rng, CONV_SIZE, 2)));
    const dOutput = { rows: 3, cols: 2, data: Float64Array.from(randomArray(rng, 6)) };
    const conv = net.nodes[1];
    if (conv.kind !== 'affine') throw new Error('conv1');
    const [weight, bias] = conv.operator.parameters;
    for (const sharing of ['per-unit', 'per-channel'] as const) {
      const options = { policy: 'majority', sharing } as const;
      const { affine } = policedBackward(policedForward(net, regions, x, options), dOutput);
      const gradient = affine.get('conv1')!;
      const lossWith = (w: number[], b: number[]) => {
        const moved = operators.conv({
          inShape: CONV_INPUT,
          weight: w,
          weightShape: [3, 2, 3, 3],
          bias: b,
          padding: [1, 1, 1, 1],
        });
        const other = network(net.nodes.map(node => (node === conv ? { ...conv, operator: moved } : node)));
        const { output } = policedForward(other, regions, x, options);
        return output.data.reduce((sum, y, i) => sum + y * dOutput.data[i], 0);
      };
      let compared = 0;
      const stored = Array.from({ length: 3 }, (_, c) => bias[c * (bias.length / 3)]);
      const values = [...weight, ...stored];
      values.forEach((_, at) => {
        const difference = (step: number) => {
          const bump = (sign: number) => {
            const all = values.map((v, i) => (i === at ? v + sign * step : v));
            return lossWith(all.slice(0, weight.length), all.slice(weight.length));
          };
          return (bump(1) - bump(-1)) / (2 * step);
        };
        const wide = difference(STEP);
        // A kink, or a change of vote or of the position that decides for its channel, within the step.
        if (Math.abs(wide - difference(STEP / 2)) > TOLERANCE) return;
        compared++;
        const actual = at < weight.length ? gradient.weight.data[at] : gradient.bias[at - weight.length];
        expectClose([actual], [wide], TOLERANCE, `${sharing} parameter ${at}`);
      });
      expect(compared).toBeGreaterThan(0.8 * values.length);
    }
  });
});

/** Rounding of a loss of about 10 over hundreds of terms, divided by the step. */
const TOLERANCE = (2 ** 4 * 2 ** 10 * Number.EPSILON) / STEP;
