import { chordProbe, enforce, foldShifts, forward, type Policy } from '@police/core';
import { describe, expect, test } from 'vitest';
import { type ConformanceAdapter, EPSILON } from './conformance/adapter.js';
import { testFrozenLaws } from './conformance/frozen-laws.js';
import { testRefusals } from './conformance/refusals.js';
import { stack } from './conformance/rows.js';
import { CHORDS, type Setting, settingOf, WIDTHS } from './conformance/setting.js';
import { testTrainingLaws, trainBeforeAll } from './conformance/training-laws.js';
import { expectClose, largestDifference, makeRegion, type RegionKind, seededRng } from './helpers.js';

export {
  type ConformanceAdapter,
  type ConformanceOptions,
  EPSILON,
  type ModelSpec,
} from './conformance/adapter.js';

export { type PatchAdapter, patchConformance } from './conformance/patch-laws.js';
export { policeError } from './conformance/refusals.js';
export {
  planeDemands,
  type TargetAdapter,
  type TargetMethod,
  targetConformance,
} from './conformance/target-laws.js';

/** Registers the laws of the adapter contract (design, section 2) as tests. */
export function conformance<Model, Policed>(name: string, adapter: ConformanceAdapter<Model, Policed>): void {
  const setting = settingOf(adapter);
  const { smooth, modes, regionSets } = setting;
  describe(`${name} conforms`, () => {
    const cases = [...adapter.activations, ...smooth].flatMap(activation =>
      modes.flatMap(mode => regionSets.map(set => ({ activation, mode, set, regionKinds: set.join(' + ') }))),
    );
    describe.each(cases)('$activation, mode $mode, on $regionKinds', each => {
      const trained = trainBeforeAll(setting, each);
      testTrainingLaws(setting, trained);
      testFrozenLaws(setting, trained);
    });
    testPlainModels(setting);
    testPolicies(setting);
    testRefusals(setting);
  });
}

/** How much more than rounding, or tails, an unconstrained network must bend for the probe to be worth anything. */
const PLAINLY = 100;

function testPlainModels<Model, Policed>({
  adapter,
  smooth,
  plainModel,
  bound,
}: Setting<Model, Policed>): void {
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
}

function testPolicies<Model, Policed>({ adapter, modes, plainModel, bound }: Setting<Model, Policed>): void {
  const votes: Policy[] = adapter.isOnDevice ? [] : [({ unit }) => (unit % 2 ? 1 : -1)];
  const policies: Policy[] = ['minimal', 'majority', ...votes];
  test.each(policies.flatMap(policy => modes.map(mode => ({ policy, mode }))))(
    'policy $policy, mode $mode: core’s shifts from the start',
    ({ policy, mode }) => {
      const regions = ['box', 'simplex'].map(kind => makeRegion(kind as RegionKind, WIDTHS[0], seededRng(8)));
      const plain = plainModel();
      const expected = foldShifts(enforce(adapter.read(plain), regions, { policy }).network);
      const found = foldShifts(adapter.read(adapter.constrain(plain, { regions, policy, mode })));
      const points = stack(regions.map(region => chordProbe(region, CHORDS, seededRng(9)).points));
      const [y, z] = [found, expected].map(net => forward(net, points).data);
      expect(largestDifference(y, z)).toBeLessThanOrEqual(bound(expected, points));
    },
  );
}
