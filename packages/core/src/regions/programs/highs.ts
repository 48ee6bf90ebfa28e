import type { Highs, InitOptions, Model } from 'highs';
import { PoliceError } from '../../errors.js';
import { type Matrix, rowOf } from '../../numeric/matrix.js';
import { loadHighs } from './highs-loader.js';
import type { LinearProgramResult, LinearPrograms } from './linear-programs.js';
import { usePrograms } from './loaded-programs.js';

/** Where the WebAssembly comes from, for bundlers that do not find `highs.wasm` beside the loader by themselves. */
export interface LinearProgramsSource {
  /** The address of `highs.wasm`. */
  readonly locateFile?: (file: string) => string;
  /** Its bytes. */
  readonly wasmBinary?: ArrayBuffer | ArrayBufferView;
  /** A `WebAssembly.Module` of it. */
  readonly wasmModule?: object;
}

/**
 * Linear programs solved by HiGHS (Huangfu & Hall 2018) in WebAssembly, for `hPolytope`s of too many vertices to list. It is
 * apart from the rest, so that who needs none does not load its three megabytes. In Node and in browsers, where loading is
 * asynchronous and every solution afterwards blocks: solve large ones in a worker. Once loaded, it is also what polytopes read from
 * JSON take, which can hold no solver.
 *
 * Throws `not-loaded` where the WebAssembly is missing or forbidden.
 *
 * @example
 * const programs = await loadLinearPrograms();
 * const region = hPolytope(A, b, { programs });
 */
export async function loadLinearPrograms(source: LinearProgramsSource = {}): Promise<LinearPrograms> {
  const highs = await load(source).catch(cause => {
    throw notLoaded(cause);
  });
  const programs: LinearPrograms = { maximise: (G, g, costs) => maximise(highs, G, g, costs) };
  usePrograms(programs);
  return programs;
}

declare const WebAssembly: {
  instantiate(source: object, imports: object): Promise<{ readonly instance?: object }>;
};

/** Upstream knows `wasmBinary` and `wasmModule` by its types only: what it asks is `instantiateWasm`, which cannot tell it of a failure. */
function load({ locateFile, wasmBinary, wasmModule }: LinearProgramsSource): Promise<Highs> {
  const given = wasmModule ?? wasmBinary;
  if (!given) return loadHighs(locateFile ? { locateFile } : {});
  return new Promise((resolve, reject) => {
    const options = {
      instantiateWasm: (imports: object, receive: (instance: object) => void) => {
        // Of bytes it makes a module and an instance, of a module the instance alone.
        WebAssembly.instantiate(given, imports).then(made => receive(made.instance ?? made), reject);
        return {};
      },
    };
    loadHighs(options as InitOptions).then(resolve, reject);
  });
}

/**
 * The primal simplex first: from the origin, which lies inside, it needs no first phase; and it was the fastest and most accurate. What it leaves
 * open, of flat sets far from 0 one program in some 10⁴, the dual one settles.
 */
const STRATEGIES = { primal: 4, dual: 1 };

const OPTIONS = {
  output_flag: false,
  solver: 'simplex',
  presolve: 'off',
  /** The tightest that HiGHS takes. */
  primal_feasibility_tolerance: 1e-10,
  dual_feasibility_tolerance: 1e-10,
};

function maximise(highs: Highs, G: Matrix, g: Float64Array, costs: Matrix): LinearProgramResult[] {
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
  try {
    return highs.withModel(model, solver => {
      solver.options.set(OPTIONS);
      return Array.from({ length: costs.rows }, (_, i) => {
        solver.changeColsCost({ kind: 'range', from: 0, to: G.cols - 1 }, rowOf(costs, i));
        const { primal, dual } = STRATEGIES;
        const solution = solutionOf(highs, solver, primal) ?? solutionOf(highs, solver, dual);
        if (!solution) throw unsolved(`HiGHS model status ${solver.getModelStatus()}`);
        return solution;
      });
    });
  } catch (cause) {
    if (cause instanceof PoliceError) throw cause;
    throw unsolved(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/**
 * Undefined where the strategy does not tell. From scratch: started from the last optimum it is no faster, 10 to 40 times less accurate (its
 * factors carry the updates of all programs before), and an answer would hang on which others were asked for.
 */
function solutionOf(
  { constants }: Highs,
  solver: Model,
  simplex_strategy: number,
): LinearProgramResult | undefined {
  solver.options.set({ simplex_strategy });
  solver.clearSolver();
  solver.run();
  const status = solver.getModelStatus();
  const { optimal, infeasible, unbounded } = constants.modelStatus;
  if (status === infeasible) return { status: 'infeasible' };
  if (status === unbounded) {
    const ray = solver.getPrimalRay();
    if (ray) return { status: 'unbounded', ray: ray.values };
  }
  if (status !== optimal) return undefined;
  const { colValue, rowDual } = solver.getSolution();
  // Of a maximum, HiGHS's row duals are the rates at which it grows with g.
  return { status: 'optimal', x: colValue, y: rowDual };
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

function unsolved(actual: string, cause?: unknown): PoliceError {
  return new PoliceError({
    code: 'no-solution',
    where: 'linear program',
    expected: 'an optimum, or a proof that there is none',
    actual,
    remedy: 'Drop constraints that hardly differ, and scale coordinates to sizes nearer to one another.',
    cause,
  });
}

function notLoaded(cause: unknown): PoliceError {
  return new PoliceError({
    code: 'not-loaded',
    where: 'loadLinearPrograms',
    expected: 'the WebAssembly of HiGHS, highs.wasm',
    actual: cause instanceof Error ? cause.message : String(cause),
    remedy:
      'Serve highs.wasm (it lies in @police/core/dist/regions/programs) beside the script that loads it, or pass { locateFile: () => itsAddress } or { wasmBinary }. A Content-Security-Policy needs script-src with wasm-unsafe-eval.',
    cause,
  });
}
