import { type AffineOperator, float32, float64, type Matrix, matrix, type Rng } from '@police/core';
import { accumulateAffineGradient, applyAffine, sumErrorBound } from '@police/core/adapter';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectClose, pick, randomArray, seededRng, seeds } from '../helpers.js';
import { explicitMatrix, identityRows, randomRows, rowsOfAllDensities } from './rows.js';

export interface OperatorCase {
  readonly operator: AffineOperator;
  /** The same operator with other weights, flat as in `parameters[0]`; absent for one without weights. */
  readonly withWeight?: (weight: Float64Array) => AffineOperator;
  /** The same operator of other parameters; absent where `linear` depends on the weight alone. */
  readonly withParameters?: (parameters: readonly Float64Array[]) => AffineOperator;
  /** Whether `linear` sums in the order of the inputs whatever path it takes, so that results agree to the bit. */
  readonly sumsInOrder: boolean;
}

/** Laws hold to rounding: both sides of a comparison may be off by their bound. */
const SIDES = 2;

const RUNS = 12;

/** `X Wᵀ`, summed in the order of the inputs. */
function multiplied(x: Matrix, w: Matrix): Matrix {
  const y = matrix(x.rows, w.rows);
  for (let i = 0; i < x.rows; i++) {
    for (let j = 0; j < w.rows; j++) {
      let sum = 0;
      for (let k = 0; k < w.cols; k++) sum += w.data[j * w.cols + k] * x.data[i * x.cols + k];
      y.data[i * w.rows + j] = sum;
    }
  }
  return y;
}

function map(m: Matrix, f: (x: number, i: number) => number): Matrix {
  return { ...m, data: m.data.map(f) };
}

function largest(values: Float64Array): number {
  return values.reduce((most, x) => Math.max(most, x), 0);
}

function inner(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, i) => sum + x * b[i], 0);
}

/** A law of `AffineContract`, checked on an operator drawn at random. */
type Law = (given: OperatorCase, rng: Rng) => void;

const LAWS: Readonly<Record<string, Law>> = {
  sizes: ({ operator }, rng) => {
    const { inSize, outSize, bias, biasGroups, storesBias, parameters } = operator;
    expect(bias.length).toBe(outSize);
    if (biasGroups) expect(biasGroups.length).toBe(outSize);
    for (const rows of [0, 3]) {
      expect(operator.linear(randomRows(rng, rows, inSize))).toMatchObject({ rows, cols: outSize });
      expect(operator.adjoint(randomRows(rng, rows, outSize))).toMatchObject({ rows, cols: inSize });
    }
    const gradient = operator.zeroGradient();
    expect(gradient.bias.length).toBe(storesBias ? (parameters.at(-1)?.length ?? -1) : 0);
    const stored = gradient.weight.data.length + gradient.bias.length;
    if (stored > 0) expect(stored).toBe(parameters.reduce((sum, values) => sum + values.length, 0));
  },

  'linear is linear': ({ operator }, rng) => {
    const x = rowsOfAllDensities(rng, operator.inSize);
    const y = randomRows(rng, x.rows, operator.inSize);
    const [a, b] = randomArray(rng, 2, 3);
    const [ofX, ofY] = [operator.linear(x), operator.linear(y)];
    const sum = operator.linear(map(x, (v, i) => a * v + b * y.data[i]));
    const reach = operator.magnitude(map(x, (v, i) => Math.abs(a * v) + Math.abs(b * y.data[i])));
    expectClose(
      sum.data,
      ofX.data.map((v, i) => a * v + b * ofY.data[i]),
      SIDES * sumErrorBound(operator.terms + 3, largest(reach.data)),
      'linear(a x + b y)',
    );
  },

  'adjoint is the transpose: entry by entry, and ⟨linear(x), y⟩ = ⟨x, adjoint(y)⟩': ({ operator }, rng) => {
    const w = explicitMatrix(operator);
    expectClose(operator.adjoint(identityRows(operator.outSize)).data, w.data, 0, 'adjoint of unit vectors');
    const x = rowsOfAllDensities(rng, operator.inSize);
    const y = map(rowsOfAllDensities(rng, operator.outSize), v => v);
    y.data.reverse();
    const products = inner(operator.magnitude(map(x, Math.abs)).data, y.data.map(Math.abs));
    const terms = 2 * (x.rows * (operator.inSize + operator.outSize));
    expectClose(
      [inner(operator.linear(x).data, y.data)],
      [inner(x.data, operator.adjoint(y).data)],
      SIDES * sumErrorBound(terms, products),
      'inner product',
    );
  },

  'linear equals the explicit matrix, rows apart, in order to the bit': ({ operator, sumsInOrder }, rng) => {
    const x = rowsOfAllDensities(rng, operator.inSize);
    const before = x.data.slice();
    const y = operator.linear(x);
    expect(x.data).toEqual(before);
    expect(y.data.buffer).not.toBe(x.data.buffer);
    const reach = largest(operator.magnitude(map(x, Math.abs)).data);
    const tolerance = sumsInOrder ? 0 : SIDES * sumErrorBound(operator.terms, reach);
    expectClose(y.data, multiplied(x, explicitMatrix(operator)).data, tolerance, 'linear(x)');
    for (let i = 0; i < x.rows; i++) {
      const row = matrix(1, x.cols, x.data.slice(i * x.cols, (i + 1) * x.cols));
      const alone = operator.linear(row).data;
      expectClose(alone, y.data.subarray(i * y.cols, (i + 1) * y.cols), 0, `row ${i} alone`);
    }
  },

  'magnitude is |W|, and bounds linear': ({ operator }, rng) => {
    const w = explicitMatrix(operator);
    const unit = explicitMatrix({ ...operator, linear: operator.magnitude });
    expectClose(unit.data, w.data.map(Math.abs), 0, 'magnitude of unit vectors');
    const x = rowsOfAllDensities(rng, operator.inSize);
    const reach = operator.magnitude(map(x, Math.abs));
    const tolerance = SIDES * sumErrorBound(operator.terms, largest(reach.data));
    const explicit = multiplied(map(x, Math.abs), map(w, Math.abs));
    expectClose(reach.data, explicit.data, tolerance, 'magnitude(|x|)');
    const excess = operator.linear(x).data.map((v, i) => Math.max(0, Math.abs(v) - reach.data[i]));
    expectClose(excess, new Float64Array(excess.length), tolerance, '|linear(x)| above magnitude(|x|)');
  },

  'terms is at least the products in any output': ({ operator }) => {
    const { rows, cols, data } = explicitMatrix(operator);
    for (let j = 0; j < rows; j++) {
      const count = data.subarray(j * cols, (j + 1) * cols).filter(v => v !== 0).length;
      expect(operator.terms, `output ${j}`).toBeGreaterThanOrEqual(count);
    }
  },

  'accumulateGradient adds the derivatives by weights and biases': ({ operator, withWeight }, rng) => {
    const densities = (cols: number) => {
      const rows = rowsOfAllDensities(rng, cols);
      return pick(rng, [rows, randomRows(rng, rows.rows, cols)]);
    };
    const x = densities(operator.inSize);
    const dy = densities(operator.outSize);
    const into = operator.zeroGradient();
    accumulateAffineGradient(operator, into, x, dy);
    accumulateAffineGradient(operator, into, x, dy);
    const { biasGroups, storesBias } = operator;
    const biasGradient = new Float64Array(into.bias.length);
    if (storesBias)
      dy.data.forEach((v, i) => {
        biasGradient[biasGroups ? biasGroups[i % dy.cols] : i % dy.cols] += 2 * v;
      });
    const products = dy.data.length + x.data.length * operator.terms;
    const tolerance = SIDES * sumErrorBound(products, 2 * products);
    expectClose(into.bias, biasGradient, tolerance, 'dLoss/dbias');
    expect(into.weight.data.length > 0).toBe(withWeight !== undefined);
    if (!withWeight) return;
    // The outputs are linear in the weights, so the derivative is what the unit weight alone gives.
    for (let check = 0; check < 8; check++) {
      const k = Math.floor(rng() * into.weight.data.length);
      const unit = new Float64Array(into.weight.data.length);
      unit[k] = 1;
      const expected = 2 * inner(withWeight(unit).linear(x).data, dy.data);
      expectClose([into.weight.data[k]], [expected], tolerance, `dLoss/dweight ${k}`);
    }
  },

  'withBias changes the bias alone, one per group': ({ operator }, rng) => {
    const { outSize, biasGroups, storesBias } = operator;
    const before = operator.bias.slice();
    expect(() => operator.withBias(new Float64Array(outSize + 1))).toThrow(
      expect.objectContaining({ code: 'shape' }),
    );
    const perOutput = randomArray(rng, outSize);
    const bias = Float64Array.from({ length: outSize }, (_, j) => perOutput[biasGroups ? biasGroups[j] : j]);
    const refused = expect.objectContaining({
      code: 'invalid-option',
      remedy: expect.stringContaining('explicit add'),
    });
    if (!storesBias) {
      expect(() => operator.withBias(bias)).toThrow(refused);
      return;
    }
    const changed = operator.withBias(bias);
    expect([changed.kind, changed.bias]).toEqual([operator.kind, bias]);
    expect(operator.bias).toEqual(before);
    expect(changed.biasGroups).toEqual(biasGroups);
    expect(changed.parameters.slice(0, -1)).toEqual(operator.parameters.slice(0, -1));
    const x = rowsOfAllDensities(rng, operator.inSize);
    expect(changed.linear(x)).toEqual(operator.linear(x));
    const y = operator.linear(x);
    const shifted = map(y, (v, i) => v + bias[i % y.cols]);
    expect(applyAffine(changed, x)).toEqual(shifted);
    const shared = biasGroups?.findIndex((group, j) => biasGroups.indexOf(group) < j) ?? -1;
    if (shared < 0) return;
    bias[shared] += 1;
    expect(() => operator.withBias(bias)).toThrow(refused);
  },

  'rounded rounds every parameter, and only those': ({ operator, withWeight, withParameters }, rng) => {
    const before = operator.parameters.map(values => values.slice());
    const rounded = operator.rounded(float32);
    const parameters = before.map(values => values.map(Math.fround));
    expect(rounded.parameters).toEqual(parameters);
    expect(operator.parameters).toEqual(before);
    const { kind, storesBias, biasGroups } = operator;
    expect(rounded).toMatchObject({ kind, storesBias, ...(biasGroups && { biasGroups }) });
    const x = rowsOfAllDensities(rng, operator.inSize);
    const same = withParameters?.(parameters) ?? withWeight?.(parameters[0]) ?? operator;
    expect(rounded.bias).toEqual(withParameters ? same.bias : operator.bias.map(Math.fround));
    expect(rounded.linear(x)).toEqual(same.linear(x));
    expect(operator.rounded(float64).linear(x)).toEqual(operator.linear(x));
  },
};

/** Checks every law on operators drawn at random. */
export function testOperatorLaws(name: string, make: (rng: Rng) => OperatorCase): void {
  describe(`${name} keeps the laws of an affine operator`, () => {
    test.each(Object.keys(LAWS))('%s', law => {
      fc.assert(
        fc.property(seeds, seed => {
          const rng = seededRng(seed);
          LAWS[law](make(rng), rng);
        }),
        { numRuns: RUNS },
      );
    });
  });
}
