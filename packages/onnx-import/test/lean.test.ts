import { box, enforce, forward, freeze } from '@police/core';
import { OPERATORS, readModel } from '@police/onnx-import';
import * as lean from '@police/onnx-import/lean';
import { describe, expect, test } from 'vitest';
import { EVERY_FAMILY } from '../src/operators/families.js';
import { FAMILIES } from '../src/operators/left-out.js';
import { READERS } from '../src/operators/table.js';
import { randomRows } from './checks.js';
import { FORMS } from './curve-forms.js';
import { buildModel, scalar, type TestModel, type TestNode } from './onnx.js';

const scales = { dims: [4], data: [1, 1, 2, 2] };

const MODELS: Readonly<Record<string, readonly TestModel[]>> = {
  smoothFunctions: Object.values(FORMS).map(onInput),
  resizing: [
    {
      input: [1, 1, 2, 3],
      nodes: [['Resize', ['x', '', 'scales'], ['y'], { mode: 'nearest' }]],
      constants: { scales },
    },
  ],
  quantization: [
    {
      input: [2],
      nodes: [
        ['DequantizeLinear', ['q', 's'], ['w']],
        ['Add', ['x', 'w'], ['y']],
      ],
      constants: { q: { dims: [2], data: [3, -5], dtype: 'int8' }, s: scalar(0.5) },
    },
  ],
};

/** A form of curve-forms.ts on x itself; what comes last may be a tail. */
function onInput({ nodes, constants = {} }: (typeof FORMS)[string]): TestModel {
  const named = (tensor: string) => (tensor === 'h' ? 'x' : tensor);
  return {
    input: [2, 3],
    nodes: [
      ...nodes.map(([type, inputs, ...rest]): TestNode => [type, inputs.map(named), ...rest]),
      ['Add', ['c', 'last'], ['y']],
    ],
    constants: Object.fromEntries(
      Object.entries({ ...constants, last: 1 }).map(([key, value]) => [key, scalar(value)]),
    ),
  };
}

const OPTIONS = { epsilon: 1e-3 };

describe.each(EVERY_FAMILY.map(family => [family.name, family] as const))('%s', (name, family) => {
  test.each(MODELS[name].map((model, i) => [i, model] as const))(
    'model %i: asked for by name, then read as all read it',
    (_, model) => {
      const bytes = buildModel(model);
      expect(() => lean.readModel(bytes, OPTIONS)).toThrow(
        `Take it in: readModel(bytes, { operators: [${name}] }), of '@police/onnx-import/lean'`,
      );
      const { network } = lean.readModel(bytes, { ...OPTIONS, operators: [family] });
      const all = readModel(bytes, OPTIONS).network;
      const x = randomRows(1, 5, all.inputSize, 4);
      expect(forward(network, x)).toEqual(forward(all, x));
    },
  );

  test('it is exported by its name', () => {
    expect(Object.entries(lean)).toContainEqual([name, family]);
  });

  test('the message names just what it reads, and nobody else does', () => {
    const own = FAMILIES[name].filter(operator => operator !== 'Erf');
    expect([...family.readers.keys()].sort()).toEqual(own);
    expect(own.filter(operator => READERS.has(operator))).toEqual([]);
    expect(OPERATORS).toEqual(expect.arrayContaining(own));
  });
});

test('what was read by families is written back by the same', () => {
  const [model] = MODELS.quantization;
  const bytes = buildModel({
    ...model,
    nodes: [
      ['DequantizeLinear', ['q', 's'], ['w']],
      ['Add', ['x', 'w'], ['h']],
      ['Relu', ['h'], ['y']],
    ],
  });
  const read = lean.readModel(bytes, { operators: [lean.quantization] });
  const regions = [box([-2, 2], [-1, 3])];
  const { network } = freeze(enforce(read.network, regions).network, regions);
  const written = lean.writeBack(read, network);
  expect(written.edits.length).toBeGreaterThan(0);
  const again = readModel(written.bytes).network;
  const x = randomRows(2, 5, 2, 4);
  expect(forward(again, x)).toEqual(forward(network, x));
});
