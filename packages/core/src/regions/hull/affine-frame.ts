import { type Matrix, matrix, multiplyTransposed, pickRows, rowOf } from '../../numeric/matrix.js';
import { UNIT_ROUNDOFF } from '../../numeric/precision.js';
import { qrFactors, substituteBack } from '../../numeric/qr.js';
import { columnUnits, measuredIn } from './measured.js';

/** An affinely independent subset of vertices and every vertex's coordinates in it. */
export interface AffineFrame {
  /** `[d + 1, D]`: the first chosen vertex, then the differences to the others. */
  readonly frame: Matrix;
  /** λ `[P, d]`: vertexₚ = frame₀ + Σ λₚᵢ frameᵢ, up to `slack`. */
  readonly coordinates: Matrix;
  /** `[D]`: the largest deviation of any vertex from its coordinates, rounding included. */
  readonly slack: Float64Array;
}

/** Swapping a vertex in multiplies the frame's volume by its coordinate; below this gain it is not worth it. */
const MIN_VOLUME_GAIN = 1.01;

/**
 * Chooses the frame of P vertices `[P, D]` in general or special position: repeatedly the vertex farthest from
 * the hull so far (pivoted Gram–Schmidt), until all lie in it to rounding; then vertices are swapped while that
 * enlarges the frame's volume, so that no barycentric coordinate exceeds about 1 and rounding is not amplified. Of a
 * simplex with a right-angled corner along the axes that corner is the origin.
 *
 * Distances are taken with every coordinate in units of its own size, so that none drowns in the rounding of another: what
 * counts as flat, and `slack`, is rounding coordinate by coordinate.
 */
export function affineFrame(vertices: Matrix): AffineFrame {
  const measured = measuredIn(vertices, columnUnits(vertices));
  const chosen = axisVertices(vertices) ?? improveVolume(measured, pivotedVertices(measured));
  const origin = rowOf(vertices, chosen[0]);
  const frame = matrix(chosen.length, vertices.cols);
  chosen.forEach((vertex, i) => {
    frame.data.set(
      i === 0 ? origin : rowOf(vertices, vertex).map((x, k) => x - origin[k]),
      i * vertices.cols,
    );
  });
  const coordinates = solveCoordinates(measured, chosen);
  return { frame, coordinates, slack: representationError(vertices, frame, coordinates) };
}

/**
 * A vertex and, by coordinate, the others if each differs from it in one coordinate of its own: directions along the axes,
 * the cheapest frame there is. Undefined if there is no such vertex.
 */
function axisVertices(vertices: Matrix): number[] | undefined {
  if (vertices.rows > vertices.cols + 1) return undefined;
  for (let origin = 0; origin < vertices.rows; origin++) {
    const others = axesFrom(vertices, origin);
    if (others) return [origin, ...others];
  }
  return undefined;
}

function axesFrom(vertices: Matrix, origin: number): number[] | undefined {
  const vertexOf = new Int32Array(vertices.cols).fill(-1);
  const start = rowOf(vertices, origin);
  for (let p = 0; p < vertices.rows; p++) {
    if (p === origin) continue;
    const row = rowOf(vertices, p);
    const axis = row.findIndex((x, k) => x !== start[k]);
    if (axis < 0 || vertexOf[axis] >= 0) return undefined;
    for (let k = axis + 1; k < row.length; k++) if (row[k] !== start[k]) return undefined;
    vertexOf[axis] = p;
  }
  return Array.from(vertexOf.filter(p => p >= 0));
}

/** Indices of affinely independent vertices that span the hull of all, whose coordinates are less than 2. */
function pivotedVertices(vertices: Matrix): number[] {
  const { rows: count, cols: size } = vertices;
  const origin = farthestFrom(vertices, meanOf(vertices)).index;
  const residual = matrix(count, size, vertices.data.slice());
  const start = rowOf(vertices, origin).slice();
  for (let p = 0; p < count; p++) for (let k = 0; k < size; k++) residual.data[p * size + k] -= start[k];
  const zero = new Float64Array(size);
  const most = Math.min(size, count - 1);
  // Subtracting the origin and each projection rounds numbers of the vertices' size, as making the vertices did.
  const tolerance = 16 * (size + most) * UNIT_ROUNDOFF * Math.sqrt(size);
  const chosen = [origin];
  while (chosen.length <= most) {
    const { index, distance } = farthestFrom(residual, zero);
    if (distance <= tolerance) break;
    chosen.push(index);
    const axis = rowOf(residual, index).map(x => x / distance);
    // Twice: one Gram–Schmidt pass loses orthogonality when the residual is small.
    for (let pass = 0; pass < 2; pass++)
      for (let p = 0; p < count; p++) removeComponent(rowOf(residual, p), axis);
  }
  return chosen;
}

function meanOf(vertices: Matrix): Float64Array {
  const mean = new Float64Array(vertices.cols);
  vertices.data.forEach((x, i) => {
    mean[i % vertices.cols] += x / vertices.rows;
  });
  return mean;
}

function farthestFrom(vertices: Matrix, point: Float64Array): { index: number; distance: number } {
  let best = { index: 0, distance: -1 };
  for (let p = 0; p < vertices.rows; p++) {
    let square = 0;
    for (let k = 0; k < vertices.cols; k++) square += (vertices.data[p * vertices.cols + k] - point[k]) ** 2;
    if (square > best.distance ** 2 || best.distance < 0) best = { index: p, distance: Math.sqrt(square) };
  }
  return best;
}

function removeComponent(row: Float64Array, axis: Float64Array): void {
  let dot = 0;
  for (let k = 0; k < axis.length; k++) dot += row[k] * axis[k];
  for (let k = 0; k < axis.length; k++) row[k] -= dot * axis[k];
}

/** λ `[P, d]` of all vertices in the frame of the chosen ones, by least squares. */
function solveCoordinates(vertices: Matrix, chosen: readonly number[]): Matrix {
  const count = vertices.rows;
  const d = chosen.length - 1;
  const coordinates = matrix(count, d);
  const setUnits = () =>
    chosen.forEach((p, row) => {
      for (let i = 0; i < d; i++) coordinates.data[p * d + i] = i === row - 1 ? 1 : 0;
    });
  if (chosen.length === count) setUnits();
  if (d === 0 || chosen.length === count) return coordinates;
  const origin = rowOf(vertices, chosen[0]);
  const differences = matrix(
    count,
    origin.length,
    vertices.data.map((x, i) => x - origin[i % origin.length]),
  );
  const qr = qrFactors(pickRows(differences, chosen.slice(1)));
  coordinates.data.set(multiplyTransposed(differences, qr.axes()).data);
  for (let p = 0; p < count; p++) substituteBack(qr.upper, rowOf(coordinates, p));
  // The frame's own vertices have unit coordinates exactly.
  setUnits();
  return coordinates;
}

/** Swaps vertices into the frame while a barycentric coordinate, the factor of volume gained, is well above 1. */
function improveVolume(vertices: Matrix, initial: readonly number[]): number[] {
  const chosen = [...initial];
  const d = chosen.length - 1;
  // Of a simplex every vertex is in the frame already.
  if (chosen.length === vertices.rows) return chosen;
  // Each swap gains at least 1%; the pivoted start is within d! of the best, so this is never reached in practice.
  const maxSwaps = 10 * (d + 1) ** 2;
  for (let swap = 0; swap < maxSwaps; swap++) {
    const coordinates = solveCoordinates(vertices, chosen);
    const best = { gain: MIN_VOLUME_GAIN, vertex: -1, slot: -1 };
    for (let p = 0; p < vertices.rows; p++) {
      let sum = 0;
      for (let i = 0; i < d; i++) {
        const value = coordinates.data[p * d + i];
        sum += value;
        if (Math.abs(value) > best.gain)
          Object.assign(best, { gain: Math.abs(value), vertex: p, slot: i + 1 });
      }
      if (Math.abs(1 - sum) > best.gain) Object.assign(best, { gain: Math.abs(1 - sum), vertex: p, slot: 0 });
    }
    if (best.vertex < 0) break;
    chosen[best.slot] = best.vertex;
  }
  return chosen;
}

/** max over vertices of |v − (frame₀ + Σ λᵢ frameᵢ)|, entry by entry, with the rounding of this very sum added. */
function representationError(vertices: Matrix, frame: Matrix, coordinates: Matrix): Float64Array {
  const { rows: count, cols: size } = vertices;
  const d = coordinates.cols;
  const slack = new Float64Array(size);
  for (let p = 0; p < count; p++) {
    // A vertex of the frame has one coordinate: what is 0 is passed over.
    const used = Array.from({ length: d }, (_, i) => i).filter(i => coordinates.data[p * d + i] !== 0);
    for (let k = 0; k < size; k++) {
      const target = vertices.data[p * size + k];
      let value = frame.data[k];
      let magnitude = Math.abs(value) + Math.abs(target);
      for (const i of used) {
        const term = coordinates.data[p * d + i] * frame.data[(i + 1) * size + k];
        value += term;
        magnitude += Math.abs(term);
      }
      const rounding = 2 * (d + 2) * UNIT_ROUNDOFF * magnitude;
      slack[k] = Math.max(slack[k], Math.abs(target - value) + rounding);
    }
  }
  return slack;
}
