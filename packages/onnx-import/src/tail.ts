import { labelOf, type Wiring } from './graph.js';
import type { GraphProto } from './proto.js';

/** What may come after the last affine output: none of it is piecewise affine, and all of it is kept as it is. */
const TAIL: ReadonlySet<string> = new Set(['Softmax', 'LogSoftmax', 'Sigmoid', 'Tanh', 'ArgMax']);

/** What may stand between and behind. */
const ARRANGING: ReadonlySet<string> = new Set([
  'Cast',
  'Flatten',
  'Identity',
  'Reshape',
  'Squeeze',
  'Transpose',
  'Unsqueeze',
]);

export interface Tail {
  /** The tensor that the guarantee is stated for. */
  readonly guaranteed: string;
  /** Labels of the nodes after it, first to last. */
  readonly kept: readonly string[];
}

/** Cuts a final Softmax, Sigmoid, Tanh or ArgMax off: walks back from the output over them and over what only rearranges. */
export function tailOf(output: string, { node }: GraphProto, { producers }: Wiring): Tail {
  let tail: Tail = { guaranteed: output, kept: [] };
  let passed: string[] = [];
  const seen = new Set<number>();
  for (let tensor = output; ; ) {
    const producer = producers.get(tensor);
    if (producer?.output !== 0 || seen.has(producer.node)) return tail;
    seen.add(producer.node);
    const { opType, input } = node[producer.node];
    const isTail = TAIL.has(opType);
    if ((!isTail && !ARRANGING.has(opType)) || !input[0]) return tail;
    tensor = input[0];
    passed = [labelOf(node[producer.node], producer.node), ...passed];
    if (isTail) tail = { guaranteed: tensor, kept: passed };
  }
}
