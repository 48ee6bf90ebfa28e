import { certify, enforce, float32, foldShifts, forward, freeze } from '@police/core';
import { isRepresentable } from '@police/core/adapter';
import { exportOnnx } from '@police/onnx-export';
import { expect, test } from 'vitest';
import { applyMap, expectClose } from '../helpers.js';
import { runOnnx } from '../onnx-runtime.js';
import { runBound } from '../rounding.js';
import { parametersOf } from './parameters.js';
import type { Setting } from './setting.js';
import type { Trained } from './training-laws.js';

/** What becomes of a trained model: frozen, certified, written, exported. */
export function testFrozenLaws<Model, Policed>(
  { adapter, bound }: Setting<Model, Policed>,
  trained: Trained<Policed>,
): void {
  const { activation, regions, probes, everywhere, raws, networks, outputs, sides } = trained;

  test('freeze gives a plain model of the same outputs, certified', async () => {
    const weights = adapter.weightsOf(trained.policed);
    const { model, network, maps, report } = adapter.freeze(trained.policed);
    const tolerance = 2 * bound(networks.at(-1)!, everywhere);
    const run = await adapter.run(model, everywhere);
    expectClose(run.data, outputs.at(-1)!.data, tolerance, 'frozen outputs');
    expect(certify(network, regions)).toMatchObject({ certified: true });
    // The weights in the model, not only those of the network, are the certified ones.
    expect(certify(adapter.read(model), regions)).toMatchObject({ certified: true });
    probes.forEach(({ points }, r) => {
      const off = bound(network, points) + Math.max(0, ...(report.approximationErrors?.[r] ?? []));
      expectClose(applyMap(maps[r], points), forward(network, points).data, off, `map of region ${r}`);
    });
    const { layers } = enforce(raws.at(-1)!, regions, { policy: 'sticky', sides: sides.at(-1)! }).report;
    expect(report.layers.map(({ name, shifted }) => ({ name, shifted }))).toEqual(
      layers.map(({ name, shifted }) => ({ name, shifted })),
    );
    expect(adapter.weightsOf(trained.policed), 'freezing leaves the constrained model alone').toEqual(
      weights,
    );
  });

  test('write gives a plain model of a network', async () => {
    const { network } = adapter.freeze(trained.policed);
    const written = adapter.write(network);
    expect(parametersOf(foldShifts(adapter.read(written)))).toEqual(parametersOf(network));
    const run = await adapter.run(written, everywhere);
    expectClose(run.data, forward(network, everywhere).data, bound(network, everywhere), 'written outputs');
  });

  const isExported = !adapter.unexported?.includes(activation);
  test.runIf(isExported)('its export gives the same outputs in ONNX Runtime', async () => {
    const { model, network } = adapter.freeze(trained.policed);
    const x = { ...everywhere, data: everywhere.data.map(Math.fround) };
    // A framework that computes in float64 freezes to float64 weights, which ONNX files do not have.
    const stored = isRepresentable(network, float32) ? network : freeze(network, regions).network;
    const same = stored === network ? model : adapter.write(stored);
    const found = await runOnnx(exportOnnx(stored, { regions }), x);
    // ONNX Runtime computes in float32, whatever the framework does.
    const tolerance = runBound(stored, x, 2 ** -24) + bound(stored, x);
    expectClose(found.data, (await adapter.run(same, x)).data, tolerance, 'ONNX outputs');
  });
}
