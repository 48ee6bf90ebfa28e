import { type BenchCase, inputSizeOf, type ModelSpec } from './cases/case.js';
import { vertexCount } from './cases/region.js';
import { widthsOf } from './cases/seeded.js';

/** How a contender carries the region, which decides its work. */
export type Variant =
  | 'unconstrained'
  | 'plain'
  | 'ours'
  | 'local'
  | 'project'
  /** Held between cones around a map. */
  | 'patch'
  /** As ours, its shifts times a function of the distance. */
  | 'fade'
  /** Shifts every so many steps. */
  | { readonly refresh: number };

export interface WorkOptions {
  /** Rows of data in a step. @defaultValue the case's batch */
  readonly batch?: number;
  /** Whether the output layer has an activation and is constrained too. @defaultValue false */
  readonly policesOutput?: boolean;
  /** Whether the gradient of a shift that is one vertex's picks its rows instead of multiplying. @defaultValue false */
  readonly picksRows?: boolean;
}

/** Multiply-adds of one row of data through each affine layer. */
export function layerWork(model: ModelSpec): number[] {
  if (model.kind === 'dense') {
    const widths = widthsOf(model);
    return widths.slice(1).map((width, i) => width * widths[i]);
  }
  const positions = model.side * model.side;
  const channels = [1, ...model.channels];
  const convolutions = model.channels.map((out, i) => positions * 9 * channels[i] * out);
  return [...convolutions, positions * channels.at(-1)!];
}

/** Multiply-adds of an unconstrained training step: 2 N forward and 4 N backward per weight. */
export function dataWork(spec: BenchCase, batch = spec.batch): number {
  return 6 * batch * sum(layerWork(spec.model));
}

/**
 * Multiply-adds of a constrained step over those of an unconstrained one, `1 + region / data`, where
 *
 * - data = 6 · N · Σ weights;
 * - region = factor · Σ over policed layers (all but the last affine one) of rows · weights;
 * - factor = 6 (forward, both gradients), `local` 4 (no gradient to earlier layers), `project` 2 (forward), `refresh` k 6 / k;
 * - rows = d + 1, for `plain` the number of vertices; in the first layer of a region with coordinate directions only the
 *   frame's origin counts, and not if it is 0, as what a direction does there is a column of the weights;
 * - with `picksRows`, the last policed layer of a simplex has the factor of a forward pass.
 *
 * A patch carries no frame: its map goes forward and back to its weights, 4 · N · inputs for each output, and of each input's two facets the
 * gap takes one multiply-add each. Shifts that fade take the work of ours, the gap, and one multiply-add for each value of a policed layer, forward
 * and back.
 *
 * Convolutions count a weight once for each position.
 */
export function workBound(spec: BenchCase, variant: Variant, options: WorkOptions = {}): number {
  if (variant === 'patch') return 1 + patchWork(spec, options.batch) / dataWork(spec, options.batch);
  const work = layerWork(spec.model);
  const policed = options.policesOutput ? work : work.slice(0, -1);
  const region = sum(
    policed.map((weights, i) => {
      const isForwardOnly = i === policed.length - 1 && picksRows(spec, variant, options);
      const factor = isForwardOnly ? forwardOf(variant) : factorOf(variant);
      return factor * weights * regionRows(spec, variant, i === 0);
    }),
  );
  const faded = variant === 'fade' ? fadeWork(spec, options.batch) : 0;
  return 1 + (region + faded) / dataWork(spec, options.batch);
}

function fadeWork({ model, batch: own }: BenchCase, batch = own): number {
  return 2 * batch * (inputSizeOf(model) + sum(valuesOf(model)));
}

/** Values of one row after each policed layer. */
function valuesOf(model: ModelSpec): number[] {
  if (model.kind === 'dense') return new Array<number>(model.depth).fill(model.width);
  return model.channels.map(channels => model.side * model.side * channels);
}

function patchWork({ model, batch: own }: BenchCase, batch = own): number {
  const outputs = 1;
  return batch * inputSizeOf(model) * (4 * outputs + 2);
}

function factorOf(variant: Exclude<Variant, 'patch'>): number {
  if (typeof variant === 'object') return 6 / variant.refresh;
  return { unconstrained: 0, plain: 6, ours: 6, fade: 6, local: 4, project: 2 }[variant];
}

const forwardOf = (variant: Exclude<Variant, 'patch'>): number =>
  typeof variant === 'object' ? 2 / variant.refresh : 2;

const picksRows = ({ region }: BenchCase, variant: Variant, options: WorkOptions): boolean =>
  options.picksRows === true &&
  region.kind === 'simplex' &&
  variant !== 'plain' &&
  variant !== 'unconstrained';

/** Rows that stand for the region in a layer. */
function regionRows({ model, region }: BenchCase, variant: Variant, isFirst: boolean): number {
  const size = inputSizeOf(model);
  if (variant === 'unconstrained') return 0;
  if (variant === 'plain') return vertexCount(size, region);
  if (region.kind === 'polygon') return 3;
  if (isFirst) return region.kind === 'simplex' ? 0 : 1;
  return size + 1;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
