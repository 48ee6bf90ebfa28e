import type { Highs } from 'highs';
import * as highsModule from 'highs';
import { PoliceError } from './errors.js';
import { type Matrix, rowOf } from './matrix.js';
import type { LinearProgramResult, LinearPrograms } from './regions/linear-programs.js';

/** The tightest that HiGHS takes. */
const TOLERANCE = 1e-10;

/** The package's types are those of its CommonJS build, in which the default export sits one level deeper. */
const { default: loadHighs } = highsModule as unknown as { default: () => Promise<Highs> };

/**
 * Linear programs solved by HiGHS (Huangfu & Hall 2018) in WebAssembly, for `hPolytope`s of too many vertices to list. It is
 * apart from the rest, so that who needs none does not load its three megabytes. In Node and in browsers.
 *
 * @example
 * const programs = await loadLinearPrograms();
 * const region = hPolytope(A, b, { programs });
 */
export async function loadLinearPrograms(): Promise<LinearPrograms> {
  const highs = await loadHighs();
  return { maximise: (G, g, costs) => maximise(highs, G, g, costs) };
}

function maximise(highs: Highs, G: Matrix, g: Float64Array, costs: Matrix): LinearProgramResult[] {
  const { optimal, infeasible, unbounded, unboundedOrInfeasible } = highs.constants.modelStatus;
  const free = (value: number) => new Float64Array(G.cols).fill(value);
  const model = {
    numCols: G.cols,
    numRows: G.rows,
    sense: highs.constants.objectiveSense.maximize,
    colCost: new Float64Array(G.cols),
    colLower: free(Number.NEGATIVE_INFINITY),
    colUpper: free(Number.POSITIVE_INFINITY),
    rowLower: new Float64Array(G.rows).fill(Number.NEGATIVE_INFINITY),
    rowUpper: g,
    matrix: compressed(G),
  };
  // One model for all costs: each program starts from the vertex where the last one ended.
  return highs.withModel(model, solver => {
    solver.options.set({
      output_flag: false,
      presolve: 'off',
      solver: 'simplex',
      primal_feasibility_tolerance: TOLERANCE,
      dual_feasibility_tolerance: TOLERANCE,
    });
    return Array.from({ length: costs.rows }, (_, i): LinearProgramResult => {
      solver.changeColsCost({ kind: 'range', from: 0, to: G.cols - 1 }, rowOf(costs, i));
      solver.run();
      const status = solver.getModelStatus();
      if (status === infeasible) return { status: 'infeasible' };
      if (status === unbounded || status === unboundedOrInfeasible) return { status: 'unbounded' };
      if (status !== optimal) throw unsolved(status);
      const { colValue, rowDual } = solver.getSolution();
      // Of a maximum, HiGHS's row duals are the rates at which it grows with g.
      return { status: 'optimal', x: Float64Array.from(colValue), y: Float64Array.from(rowDual) };
    });
  });
}

/** Rows of a matrix without their zeros. */
function compressed({ rows, cols, data }: Matrix) {
  const starts = [0];
  const indices: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < cols; k++) {
      const value = data[i * cols + k];
      if (value === 0) continue;
      indices.push(k);
      values.push(value);
    }
    starts.push(indices.length);
  }
  return { format: 'csr' as const, numRows: rows, numCols: cols, starts, indices, values };
}

function unsolved(status: number): PoliceError {
  return new PoliceError({
    code: 'no-solution',
    where: 'linear program',
    expected: 'an optimum, or a proof that there is none',
    actual: `HiGHS status ${status}`,
    remedy: 'Scale the constraints so that their entries are of size about 1.',
  });
}
