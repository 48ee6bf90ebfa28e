import { existsSync, readFileSync } from 'node:fs';
import { enforce, forward, freeze, matrixFromRows, rowOf } from '@police/core';
import { loadLinearPrograms } from '@police/core/highs';
import { readModel, writeBack } from '@police/onnx-import';
import { seededRng } from '@police/testing/helpers';
import { beforeAll, describe, expect, test } from 'vitest';
import { answerOf } from '../src/property/answer.js';
import { isSatisfied, readProperty, regionsIn } from '../src/property/property.js';

const MODELS = new URL('../../../../shared/models/', import.meta.url);
const SAMPLES = 20_000;

beforeAll(async () => {
  await loadLinearPrograms();
});

/** Real networks and properties; see the README beside them. */
describe.skipIf(!existsSync(MODELS))('ACAS Xu', () => {
  const networks = ['1_1', '2_9', '3_3', '4_5', '5_9'];
  const properties = [1, 2, 3, 6];
  const instances = networks.flatMap(name => properties.map(p => [name, p] as const));

  test.each(instances)(
    'network %s, property %i: both answers agree with samples and ONNX Runtime',
    async (name, p) => {
      const plain = readModel(readFileSync(new URL(`acasxu_${name}.onnx`, MODELS)));
      const file = `acasxu_prop_${p}.vnnlib`;
      const property = readProperty(readFileSync(new URL(file, MODELS), 'utf8'), file, {
        inputs: 5,
        outputs: 5,
      });
      const regions = regionsIn(property);
      const frozen = freeze(enforce(plain.network, regions).network, regions);
      const enforced = readModel(writeBack(plain, frozen.network).bytes);
      for (const model of [plain, enforced]) {
        const { answer, point, outputs, isConfirmed, cases } = await answerOf(property, {
          bytes: model.source.bytes,
          model,
        });
        // A network that is affine on the regions is decided.
        if (model === enforced) {
          expect(answer).not.toBe('unknown');
          expect(cases.every(({ isAffine }) => isAffine)).toBe(true);
        }
        if (answer === 'sat') {
          expect(isConfirmed).toBe(true);
          const at = property.cases[cases.length - 1];
          expect(at.region.contains(point!)).toBe(true);
          expect(isSatisfied(property, at, point!, outputs!)).toBe(true);
        }
        if (answer !== 'unsat') continue;
        const rng = seededRng(p);
        for (const each of property.cases) {
          const x = matrixFromRows(Array.from({ length: SAMPLES }, () => each.region.sample(rng)));
          const y = forward(model.network, x);
          const violated = Array.from({ length: SAMPLES }, (_, i) => i).filter(i =>
            each.conjuncts.some(rows =>
              rows.every(({ outputs: terms = [], bound }) => {
                const left = terms.reduce(
                  (sum, { index, coefficient }) => sum + coefficient * rowOf(y, i)[index],
                  0,
                );
                return left <= bound;
              }),
            ),
          );
          expect(violated).toEqual([]);
        }
      }
    },
  );
});
