import { lax, numpy as np, tree } from '@jax-js/jax';
import { type Activation, type Network, PoliceError, type Region } from '@police/core';
import { assertRegionsFit } from '@police/core/adapter';
import { sizeOf, type Tensor } from '../arrays.js';
import type { TensorTree } from '../checks.js';
import type { Constrained } from '../constrained.js';
import { straighten } from '../frames/activation-frames.js';
import type { Adjustment, Adjustments, PassResult, State } from '../frames/adjustment.js';
import { type RegionFrame, regionFrame } from '../frames/start.js';
import { formatOf } from '../maps/region-map.js';
import { enforced } from '../network/freeze.js';
import { activate } from '../nodes/activate.js';
import { type ConstrainOptions, type Settings, settingsOf } from '../options.js';
import type { Apply } from '../policed-function.js';
import { running } from './policed.js';

/** How a function written by hand is constrained: units have a shift each, as nobody knows which share a bias. */
export interface FunctionOptions<P> extends Omit<ConstrainOptions, 'sharing'> {
  /**
   * The function in core, its nonlinearities under the names that `policed` gives them: what `toNetwork` and `freeze` need.
   * @defaultValue none: they are refused
   */
  readonly network?: ((params: P) => Network) | undefined;
}

/** A function whose nonlinearities are `policed`; see `police`. It is run on the regions' points, and then on the data. */
export function constrainedFunction<P extends TensorTree>(
  apply: Apply<P>,
  regions: readonly Region[],
  { network, ...options }: FunctionOptions<P>,
): Constrained<P> {
  const settings = settingsOf(regions, { ...options, sharing: 'per-unit' });
  const size = regions[0]?.size ?? 0;
  assertRegionsFit(regions, size);
  const frames = regions.map((region, r) => regionFrame(region, [size], r, false));
  const core = (params: P): Network => {
    if (network) return network(params);
    throw new PoliceError({
      code: 'unsupported-layer',
      where: 'police',
      expected: 'the option `network`, as a function written by hand tells nothing of itself',
      actual: 'none',
      remedy:
        'Give it: (params) => chain(2, [dense(…), leakyRelu(0.1), …], names); or build a model by sequential.',
    });
  };
  const enforcedNow = (params: P, state: State) => {
    const net = core(params);
    assertNamed(net, state);
    return enforced(net, state, settings);
  };
  return {
    regions,
    frames,
    rowShape: [size],
    targets: settings.target,
    find: (params, state) => onRegions(apply, params, state, frames, settings),
    run: (params, adjustments, x) =>
      running(
        (activation, name, h) => activate(activation, {}, h.add(shiftOf(adjustments, name))),
        () => apply(tree.ref(params), x),
      ),
    enforced: enforcedNow,
  };
}

/** Runs the function on the points of all regions' frames, and shifts its nonlinearities as it meets them. */
function onRegions<P extends TensorTree>(
  apply: Apply<P>,
  params: P,
  state: State,
  frames: readonly RegionFrame[],
  { policy, gradient, target }: Settings,
): PassResult {
  const adjustments: Record<string, Adjustment> = {};
  const sides: Record<string, Tensor> = {};
  if (frames.length === 0) return { adjustments, state: sides, outputs: [] };
  const points = joinRows(frames.map(frame => frame.points(formatOf(params) as Tensor['dtype'])));
  const counts = frames.map(({ count }) => count);
  const atBend = (activation: Activation, name: string, h: Tensor): Tensor => {
    assertNew(name, adjustments);
    const [, ...shape] = h.shape;
    const flat = h.reshape([h.shape[0], sizeOf(shape)]);
    const blocks = splitRows(flat, counts).map((rows, r) => toFrame(rows, frames[r]));
    const bend = { activation, params: {}, positions: 1 };
    const found = straighten(bend, frames, blocks, policy, state[name]);
    adjustments[name] = { shift: found.shift.reshape(shape) };
    sides[name] = found.sides;
    const after = joinRows(found.frames.map((rows, r) => toPoints(rows, frames[r])));
    const y = after.reshape([after.shape[0], ...shape]);
    return gradient === 'local' ? lax.stopGradient(y) : y;
  };
  const y = running(atBend, () => apply(tree.ref(params), points));
  if (target) {
    const outputs = splitRows(y, counts).map((rows, r) => toFrame(rows, frames[r]));
    return { adjustments, state: sides, outputs };
  }
  y.dispose();
  return { adjustments, state: sides, outputs: [] };
}

const joinRows = (blocks: readonly Tensor[]): Tensor =>
  blocks.length === 1 ? blocks[0] : np.concatenate([...blocks], 0);

function splitRows(rows: Tensor, counts: readonly number[]): Tensor[] {
  let from = 0;
  const blocks = counts.map(count => {
    from += count;
    return rows.ref.slice([from - count, from]);
  });
  rows.dispose();
  return blocks;
}

/** Values at points as the region's body reads them: of a ball or box, from the first point on. */
function toFrame(points: Tensor, { body, count }: RegionFrame): Tensor {
  if (body.isOfPoints) return points;
  const origin = points.ref.slice([0, 1]);
  return np.concatenate([origin.ref, points.slice([1, count]).sub(origin)], 0);
}

function toPoints(rows: Tensor, { body, count }: RegionFrame): Tensor {
  if (body.isOfPoints) return rows;
  const origin = rows.ref.slice([0, 1]);
  return np.concatenate([origin.ref, rows.slice([1, count]).add(origin)], 0);
}

function shiftOf(adjustments: Adjustments, name: string): Tensor {
  const adjustment = adjustments[name];
  if (adjustment && 'shift' in adjustment) return adjustment.shift.ref;
  throw new PoliceError({
    code: 'invalid-network',
    where: name,
    expected: 'a nonlinearity that the function meets on the regions, too',
    actual: `only ${Object.keys(adjustments).join(', ') || 'none'}`,
    remedy: 'A policed function must take the same path whatever its rows are.',
  });
}

function assertNew(name: string, adjustments: Adjustments): void {
  if (!(name in adjustments)) return;
  throw new PoliceError({
    code: 'invalid-network',
    where: name,
    expected: 'a name used once',
    actual: 'a second nonlinearity of that name',
    remedy: 'Give every policed nonlinearity a name of its own.',
  });
}

function assertNamed(net: Network, state: State): void {
  const names = net.nodes.filter(({ kind }) => kind === 'activation').map(({ name }) => name);
  const kept = Object.keys(state);
  if (names.length === kept.length && names.every(name => kept.includes(name))) return;
  throw new PoliceError({
    code: 'invalid-network',
    where: 'network',
    expected: `a network whose activations are ${kept.join(', ')}`,
    actual: names.join(', ') || 'none',
    remedy: 'Name them as policed does: chain(size, layers, names).',
  });
}
