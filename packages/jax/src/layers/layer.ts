import { PoliceError } from '@police/core';
import { INPUT, type Node } from '../nodes/node.js';

/** A layer of {@link sequential}: a recipe for nodes, given where it stands. */
export interface Layer {
  readonly kind: string;
  /** @defaultValue its kind and place: `dense_1`, `relu_2` */
  readonly name?: string | undefined;
  build(place: Place): void;
}

/** The name that a layer's parameters and sides have. */
export interface LayerOptions {
  readonly name?: string | undefined;
}

/** Where the next layer goes: it adds nodes that read from `from`, and leaves the last one there. */
export class Place {
  constructor(
    readonly nodes: Node[],
    public from: string,
    public shape: readonly number[],
  ) {}

  /** The layer's own name, or one of its kind and place. Throws `invalid-network` for a name that is taken. */
  nameOf({ kind, name = `${kind}_${this.nodes.length + 1}` }: Layer): string {
    if (name !== INPUT && this.nodes.every(node => node.name !== name)) return name;
    throw new PoliceError({
      code: 'invalid-network',
      where: name,
      expected: 'a name used once',
      actual: 'a second layer of that name',
      remedy: 'Give layers names of their own: relu({ name: "hidden" }).',
    });
  }

  add(node: Node): void {
    this.nodes.push(node);
    this.from = node.name;
    this.shape = node.shape;
  }
}

/** `[C, H, W]`, or an error that names the layer. */
export function imageShape(place: Place, name: string): [number, number, number] {
  const [channels, height, width, ...rest] = place.shape;
  if (width !== undefined && rest.length === 0) return [channels, height, width];
  throw new PoliceError({
    code: 'shape',
    where: name,
    expected: 'rows of shape [channels, height, width]',
    actual: `[${place.shape.join(', ')}]`,
    remedy: 'Name that shape in sequential([channels, height, width], …), or put reshape before the layer.',
  });
}

/** One number for both axes, or one each. */
export type Pair = number | readonly [height: number, width: number];

export const pairOf = (pair: Pair): [number, number] => (typeof pair === 'number' ? [pair, pair] : [...pair]);
