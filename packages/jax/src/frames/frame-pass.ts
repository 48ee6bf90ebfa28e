import { numpy as np } from '@jax-js/jax';
import { indicesOf, sizeOf, type Tensor } from '../arrays.js';
import { paramsOf } from '../model.js';
import { biasOwner } from '../network/projection.js';
import type { ActivationNode, MaxNode, Node, Params } from '../nodes/node.js';
import { sumOf } from '../nodes/shape.js';
import { type Handing, walk } from '../nodes/walk.js';
import { chooseWinners } from '../rule/winners.js';
import { straighten, type TensorPolicy } from './activation-frames.js';
import type { Adjustment, PassResult, State } from './adjustment.js';
import { type FrameRows, type RegionFrame, throughLinear } from './start.js';

/** How a model is constrained, as the pass needs it. */
export interface PassSettings {
  readonly regions: readonly RegionFrame[];
  readonly policy: TensorPolicy;
  readonly gradient: 'exact' | 'local';
  readonly sharing: 'per-channel' | 'per-unit';
  /** Whether frames are carried on to the outputs. */
  readonly toOutput: boolean;
}

/**
 * The method (paper, Algorithm 1, with frames for vertices): carries the regions' frames through the nodes before the last nonlinearity,
 * and at each chooses the shifts that keep every unit off its kinks all over every region. Parameters and state are left as they are.
 */
export function framePass(
  nodes: readonly Node[],
  params: Params,
  state: State,
  settings: PassSettings,
  dtype: Tensor['dtype'],
): PassResult {
  const { regions, policy } = settings;
  const adjustments: Record<string, Adjustment> = {};
  const sides: Record<string, Tensor> = {};
  const atBend = (node: ActivationNode | MaxNode, frames: readonly Tensor[]): Tensor[] => {
    const found =
      node.kind === 'max' ? throughMax(node, frames) : throughActivation(node, frames.map(flatten));
    adjustments[node.name] = found.adjustment;
    sides[node.name] = found.sides;
    return found.frames.map(rows => rows.reshape([rows.shape[0], ...node.shape]));
  };
  const throughActivation = (node: ActivationNode, flat: readonly Tensor[]) => {
    const positions = settings.sharing === 'per-channel' ? positionsBefore(node, nodes) : 1;
    const bend = { activation: node.activation, params: paramsOf(node, params), positions };
    const { shift, ...found } = straighten(bend, regions, flat, policy, state[node.name]);
    return { adjustment: { shift: shift.reshape([...node.shape]) }, ...found };
  };
  const throughMax = (node: MaxNode, frames: readonly Tensor[]) => {
    const count = sizeOf(node.shape);
    const kept = policy === 'sticky' ? state[node.name]?.ref : undefined;
    const previous = kept ?? indicesOf(new Int32Array(count).fill(-1), [count]);
    const bodies = regions.map(({ body }) => body);
    const found = chooseWinners(node, bodies, frames, previous);
    return {
      adjustment: { lift: found.lift },
      sides: found.lifted,
      frames: found.frames.map((rows, r) => rows.add(regions[r].added(found.raised.ref, 1))),
    };
  };
  const apply = (node: Node, inputs: readonly (readonly FrameRows[])[]): readonly FrameRows[] => {
    if (node.kind === 'linear') {
      const isLocal = settings.gradient === 'local';
      return inputs[0].map((rows, r) =>
        throughLinear(node, paramsOf(node, params), regions[r], rows, dtype, isLocal),
      );
    }
    const started = inputs.map(frames => frames.map((rows, r) => rows ?? regions[r].rows(dtype)));
    switch (node.kind) {
      case 'sum':
        return regions.map((_, r) =>
          sumOf(
            started.map(frames => frames[r]),
            node.coefficients,
          ),
        );
      case 'concat':
        return regions.map((_, r) =>
          np.concatenate(
            started.map(frames => frames[r]),
            -1,
          ),
        );
      case 'clamp':
        throw new Error('`police` takes no model with a patch');
      default:
        return atBend(node, started[0]);
    }
  };
  const start = regions.map((): FrameRows => undefined);
  const carried = settings.toOutput ? nodes : upToLastBend(nodes);
  const last = walk<readonly FrameRows[]>(carried, start, apply, FRAMES);
  if (settings.toOutput) {
    const outputs = last.map((rows, r) => flatten(rows ?? regions[r].rows(dtype)));
    return { adjustments, state: sides, outputs };
  }
  FRAMES.drop(last);
  return { adjustments, state: sides, outputs: [] };
}

const flatten = (rows: Tensor): Tensor => rows.reshape([rows.shape[0], -1]);

const FRAMES: Handing<readonly FrameRows[]> = {
  share: frames => frames.map(rows => rows?.ref),
  drop: frames => {
    for (const rows of frames) rows?.dispose();
  },
};

/** The nodes that some nonlinearity depends on. */
function upToLastBend(nodes: readonly Node[]): Node[] {
  const needed = new Set<string>();
  for (const node of [...nodes].reverse()) {
    const isBend = node.kind === 'activation' || node.kind === 'max';
    if (!isBend && !needed.has(node.name)) continue;
    needed.add(node.name);
    for (const name of node.inputs) needed.add(name);
  }
  return nodes.filter(({ name }) => needed.has(name));
}

/** The positions of each channel, where a convolution's bias belongs to this node's units alone. */
function positionsBefore(node: ActivationNode, nodes: readonly Node[]): number {
  return biasOwner(node, nodes)?.positions ?? 1;
}
