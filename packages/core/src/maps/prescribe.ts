import type { Demand } from '../demands/demand-type.js';
import { DemandHolder } from '../demands/held-map.js';
import { assertFinite, assertSize, PoliceError } from '../errors.js';
import type { AffineMap } from '../frames/affine-map.js';
import { policedPass } from '../frames/policed-pass.js';
import { type Network, network } from '../network/network.js';
import { dense } from '../network/operators/dense.js';
import {
  largestEntry,
  type Matrix,
  matrix,
  matrixFromRows,
  multiply,
  multiplyTransposed,
  norm,
  rowOf,
  rowRange,
} from '../numeric/matrix.js';
import { UNIT_ROUNDOFF } from '../numeric/precision.js';
import { leastNormSolution, pseudoInverse, rankOf, singularValues } from '../numeric/singular-values.js';
import { centreOf, type Region } from '../regions/region.js';
import { enforce } from './enforce.js';

/** What is wanted of a network's map on a region: the map itself, or what it must be like. */
export type Target = PrescribedMap | Demand;

/** What a network is to be on a region: the whole map, or its Jacobian alone. */
export interface PrescribedMap {
  /** `[outSize, inSize]`. */
  readonly A: Matrix;
  /** `[outSize]`; absent: the value at the region's centre stays as it is. */
  readonly b?: ArrayLike<number>;
}

/**
 * The paper's Eqs. (1) and (2) as an identity instead of a penalty: the network becomes exactly `A x + b` on one
 * region by adding an affine function of the input to its output, everywhere. Always possible, and affine pieces stay
 * affine: no other layer changes. `enforce` the network first. Of a {@link Demand}: the nearest map to its own that meets it, to rounding;
 * `holdDemand` proves it of what is stored.
 *
 * Adds the nodes `correction` (affine, from the input) and `corrected` (the sum). Throws `shape`, `not-finite`, or `infeasible-target` for a
 * demand that no map meets.
 */
export function prescribeByCorrection(net: Network, region: Region, wanted: Target): Network {
  let found: AffineMap | undefined;
  const presentMap = () => {
    found ??= mapOn(net, region);
    return found;
  };
  const target = wholeMap(net, region, wanted, 0, presentMap);
  const present = presentMap();
  const weight = matrix(
    net.outputSize,
    net.inputSize,
    target.A.data.map((a, i) => a - present.A.data[i]),
  );
  const bias = target.b.map((value, j) => value - present.b[j]);
  const name = (base: string) => (net.sizes.has(base) ? `${base}_${net.nodes.length}` : base);
  return network([
    ...net.nodes,
    { kind: 'affine', name: name('correction'), input: net.nodes[0].name, operator: dense(weight, bias) },
    { kind: 'sum', name: name('corrected'), inputs: [net.nodes.at(-1)!.name, name('correction')] },
  ]);
}

/**
 * The matrix P `[D, d]` that gives a function's Jacobian from what it does to the directions of a region: `A_Rᵀ = P G` for
 * G `[d, outSize]`. Throws `infeasible-target` for a region that does not fill its space, where there is no one Jacobian.
 */
export function jacobianSolver(region: Region): Matrix {
  const { frame, size } = region;
  const directions = rowRange(frame, 1, frame.rows);
  const found = singularValues(directions);
  const rank = rankOf(directions, found);
  if (rank < size) {
    throw new PoliceError({
      code: 'infeasible-target',
      where: region.kind,
      expected: `a region that fills its ${size} dimensions`,
      actual: `one of ${rank}`,
      remedy: 'Prescribe the map after training, with prescribeByCorrection.',
    });
  }
  return pseudoInverse(directions, found);
}

/**
 * Makes the network the prescribed map (or the nearest that meets a demand) on every region, one each, by the least change (Frobenius norm) of the last
 * layer's weights and bias. Possible where the hidden frames are independent enough: with fewer last hidden units than
 * Σ(dᵣ + 1) it usually is not. Topology and all other layers stay. `enforce` the network first.
 *
 * Throws `unsupported-layer` (the last node is no dense layer), `infeasible-target` (no such weights; the message says
 * how far the nearest are off), `shape` or `not-finite`.
 */
export function prescribeByLastLayer(
  net: Network,
  regions: readonly Region[],
  wanted: readonly Target[],
): Network {
  assertSize(wanted.length, regions.length, 'prescribeByLastLayer', 'prescribed maps, one per region,');
  const last = net.nodes.at(-1)!;
  if (last.kind !== 'affine' || last.operator.kind !== 'dense') {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: last.name,
      expected: 'a dense layer at the end',
      actual: `a node of kind ${last.kind}`,
      remedy: 'Prescribe by correction, or append a dense layer.',
    });
  }
  const { values } = policedPass(net, regions, { policy: 'minimal' });
  const hidden = values.get(last.input)!;
  const present = values.get(last.name)!;
  // One equation per frame row: directions see the weights only, the origin the bias too.
  const equations: number[][] = [];
  const changes: number[][] = [];
  regions.forEach((region, r) => {
    const target = wholeMap(net, region, wanted[r], r, () => mapOn(net, region));
    const goal = prescribedFrame(region, target);
    for (let i = 0; i < goal.rows; i++) {
      equations.push([...rowOf(hidden[r], i), i === 0 ? 1 : 0]);
      changes.push(Array.from(rowOf(goal, i), (y, j) => y - rowOf(present[r], i)[j]));
    }
  });
  const change = changeOf(matrixFromRows(equations), matrixFromRows(changes), last.name);
  const { weight, bias } = last.operator;
  const moved = dense(
    matrix(
      weight.rows,
      weight.cols,
      weight.data.map(
        (w, i) => w + change.data[(i % weight.cols) * weight.rows + Math.floor(i / weight.cols)],
      ),
    ),
    bias.map((b, j) => b + change.data[weight.cols * weight.rows + j]),
  );
  return network([...net.nodes.slice(0, -1), { ...last, operator: moved }]);
}

/** Frame values `[d + 1, outSize]` of `A x + b` on a region; without b, those of `A x`. */
export function prescribedFrame({ frame }: Region, { A, b }: PrescribedMap): Matrix {
  const values = multiplyTransposed(frame, A);
  if (b) for (let j = 0; j < A.rows; j++) values.data[j] += b[j];
  return values;
}

/** Throws `shape` or `not-finite`. */
export function assertMapFits({ A, b }: PrescribedMap, outSize: number, inSize: number, where: string): void {
  assertSize(A.rows, outSize, where, 'rows of A');
  assertSize(A.cols, inSize, where, 'columns of A');
  assertFinite(A.data, `${where} A`);
  if (!b) return;
  assertSize(b.length, outSize, where, 'b');
  assertFinite(b, `${where} b`);
}

const mapOn = (net: Network, region: Region): AffineMap => enforce(net, [region]).report.maps[0];

/** `presentMap` is the network's own, which not every target asks for. */
function wholeMap(
  net: Network,
  region: Region,
  wanted: Target,
  r: number,
  presentMap: () => AffineMap,
): AffineMap {
  if ('kind' in wanted) return new DemandHolder(wanted, region, net.outputSize).hold(presentMap()).map;
  const { A, b } = wanted;
  const where = `prescribed map ${r}`;
  assertMapFits({ A, ...(b ? { b } : {}) }, net.outputSize, net.inputSize, where);
  if (b) return { A, b: Float64Array.from(b) };
  const centre = matrix(1, region.size, centreOf(region));
  const present = presentMap();
  const now = multiplyTransposed(centre, present.A).data;
  const then = multiplyTransposed(centre, A).data;
  return { A, b: present.b.map((value, j) => value + now[j] - then[j]) };
}

/** The X of least norm with `equations · X = changes`; throws `infeasible-target` where there is none. */
function changeOf(left: Matrix, right: Matrix, where: string): Matrix {
  const solution = leastNormSolution(left, right);
  const miss = largestEntry(multiply(left, solution).data.map((x, i) => x - right.data[i]));
  // A backward-stable solution misses by rounding of numbers of the equations' size.
  const scale = norm(left.data) * norm(solution.data) + norm(right.data);
  const rounding = 64 * (left.rows + left.cols) * UNIT_ROUNDOFF * scale;
  if (miss <= rounding) return solution;
  throw new PoliceError({
    code: 'infeasible-target',
    where,
    expected: 'last-layer weights that give the prescribed maps',
    actual: `none: the nearest miss by ${miss.toPrecision(3)}`,
    remedy: `The regions' frames need ${left.rows} independent equations of ${left.cols} unknowns: use a wider last hidden layer, fewer or flatter regions, or prescribe by correction.`,
  });
}
