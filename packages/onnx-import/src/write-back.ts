import { type AffineOperator, type Network, PoliceError } from '@police/core';
import type { MaxNode } from '@police/core/adapter';
import { ModelEdits } from './edits.js';
import { type ImportedModel, readModel } from './read-model.js';
import { assertSameButForParameters } from './same-network.js';
import type { BiasSite, Format, ShiftSite, WeightSite } from './sites.js';
import { rounderOf } from './tensor.js';
import { writeLifts } from './write-lifts.js';

/** One change of the file. */
export interface Edit {
  /**
   * - `bias`: other values in a stored bias
   * - `own-bias`: the node got a bias of its own, because others read the stored one or because it is computed
   * - `weights`: other values in stored weights
   * - `own-weights`: the node got weights of its own, because others read the stored ones or because they are computed
   * - `new-bias`: the node got the optional bias input that it lacked
   * - `add`: an Add was inserted, because no bias can hold the shift
   * - `max`: a maximum got further candidates, `max(y, x_winner + lift)`
   */
  readonly kind: 'bias' | 'own-bias' | 'new-bias' | 'weights' | 'own-weights' | 'add' | 'max';
  /** The node whose bias or input it is: name, operator, position. */
  readonly node: string;
  /** The stored tensor that holds the values. */
  readonly tensor: string;
  /** How many values are others than before, and by how much at most. */
  readonly changed: number;
  readonly largest: number;
}

/** What `writeBack` gives: the new file, and all that is new in it. */
export interface Written {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The network that was written: `frozen`, or what `again` made of it. */
  readonly network: Network;
  /** Every change, in the order of the network; none: the bytes are those read. */
  readonly edits: readonly Edit[];
}

/**
 * The model's file with the biases and weights of `frozen`, which is what `freeze` made of `imported.network`, or of that with
 * other weights. Names, operators, their order, metadata and operator set stay; what is not listed in `edits` keeps its bytes.
 *
 * Law: the values written are those of `frozen`, none is rounded. So `readModel(bytes).network` is affine on the regions
 * that `frozen` was made for, and `certify` proves it.
 *
 * But for a constant term of a Max or Min that is lifted: constant and lift are stored as one number, which is rounded to
 * the safe side; and for what becomes an Add in float64, which is read with a rounding bound a little wider. Layers after it
 * may lie closer to their kinks than that. `again` is then given the network of the file so far, freezes it once more and is
 * written in turn: `network => freeze(network, regions, { precision }).network`.
 *
 * Throws `invalid-network` (`frozen` differs from the network read by more than biases and the weights of matrix products and convolutions) or `not-frozen` (a value that
 * the file's format does not hold).
 */
export function writeBack(
  imported: ImportedModel,
  frozen: Network,
  again?: (network: Network) => Network,
): Written {
  const { assemble, ...rest } = prepareWriteBack(imported, frozen, again);
  return { ...rest, bytes: assemble() };
}

/** What {@link writeBack} will give. */
export interface Prepared extends Omit<Written, 'bytes'> {
  /** The new file, made when asked for; needs neither of the networks, which may be let go first. */
  readonly assemble: () => Uint8Array<ArrayBuffer>;
}

/** {@link writeBack} but for the file: a large one takes its size once more. */
export function prepareWriteBack(
  imported: ImportedModel,
  frozen: Network,
  again?: (network: Network) => Network,
): Prepared {
  let { isRounded, ...prepared } = writtenOnce(imported, frozen);
  for (let round = 1; again && isRounded && round < MOST_ROUNDS; round++) {
    const read = readModel(prepared.assemble(), imported.source.options);
    const next = writtenOnce(read, again(read.network));
    isRounded = next.isRounded;
    prepared = { ...next, edits: [...prepared.edits, ...next.edits] };
  }
  return prepared;
}

/** What was rounded rarely needs more than one further round; `certify` tells if it does. */
const MOST_ROUNDS = 5;

function writtenOnce(imported: ImportedModel, frozen: Network): Prepared & { readonly isRounded: boolean } {
  const { bytes, sites } = imported.source;
  assertSameButForParameters(imported.network, frozen, name => sites.weights.has(name));
  const file = new ModelEdits(bytes);
  let isRounded = false;
  const edits = frozen.nodes.flatMap((node, i): Edit[] => {
    const before = imported.network.nodes[i];
    if (node.kind === 'affine' && before.kind === 'affine') {
      const site = sites.biases.get(node.name);
      const weights = writeWeights(
        file,
        node.name,
        before.operator,
        node.operator,
        sites.weights.get(node.name),
      );
      const bias = writeBias(file, node.name, before.operator, node.operator, site);
      isRounded ||= bias?.kind === 'add' && isWider(site!);
      return [weights, bias].filter(edit => edit !== undefined);
    }
    if (node.kind === 'activation' && node.shift?.some(c => c !== 0)) {
      const site = sites.shifts.get(node.name)!;
      const values = representable(node.shift, site, node.name);
      const tensor = addBefore(file, site, values);
      isRounded ||= isWider(site);
      return [{ kind: 'add', node: file.label(site.node), tensor, ...sizesOf(values) }];
    }
    if (node.kind !== 'max' || before.kind !== 'max') return [];
    const lifted = liftEdit(file, before, node, imported);
    if (!lifted) return [];
    isRounded ||= lifted.isRounded;
    return [lifted.edit];
  });
  const assemble = once(edits.length === 0 ? copying(bytes) : applying(file));
  return { assemble, network: frozen, edits, isRounded };
}

// Apart from where the networks are: a function keeps all that functions beside it read.
const copying = (bytes: Uint8Array) => () => new Uint8Array(bytes);
const applying = (file: ModelEdits) => () => file.apply();

/** What it is made of is let go as soon as it is made. */
function once<T>(make: (() => T) | undefined): () => T {
  let made: T | undefined;
  return () => {
    made ??= make!();
    make = undefined;
    return made;
  };
}

/**
 * An Add is read as a node of its own, whose rounding bound is a little wider than that of the shift it was. Values of float32
 * and float16 are chosen clear of kinks by far more than that.
 */
function isWider({ dtype }: Format): boolean {
  return dtype === 'float64';
}

function liftEdit(
  file: ModelEdits,
  before: MaxNode,
  node: MaxNode,
  { source }: ImportedModel,
): { readonly edit: Edit; readonly isRounded: boolean } | undefined {
  const { lifts } = node;
  const grown = lifts?.lift.map((lift, w) => lift - (before.lifts?.lift[w] ?? 0));
  if (!lifts || !grown?.some(by => by !== 0)) return undefined;
  const site = source.sites.maxima.get(node.name)!;
  representable(lifts.lift, site, node.name);
  const { isRounded, ...place } = writeLifts(file, node, site);
  return { edit: { node: file.label(site.node), ...place, ...sizesOf(grown) }, isRounded };
}

/** Only where they changed: `before` and `after` are of one shape. */
function writeWeights(
  file: ModelEdits,
  name: string,
  before: AffineOperator,
  after: AffineOperator,
  site: WeightSite | undefined,
): Edit | undefined {
  if (!site) return undefined;
  const [old] = before.parameters;
  if (after.parameters[0] === old) return undefined;
  const change = after.parameters[0].map((w, i) => w - old[i]);
  if (change.every(by => by === 0)) return undefined;
  const values = representable(turned(after.parameters[0], site), site, name);
  const node = file.label(site.node);
  const tensor = file.inputOf(site.node, site.input);
  if (file.setConstant(tensor, values, site)) return { kind: 'weights', node, tensor, ...sizesOf(change) };
  const own = file.addConstant(file.name(site.node, 'weights'), values, site);
  file.setInput(site.node, site.input, own);
  return { kind: 'own-weights', node, tensor: own, ...sizesOf(change) };
}

/** Weights in the order in which the file stores them. */
function turned(weights: Float64Array, { transposed }: WeightSite): Float64Array {
  if (!transposed) return weights;
  const [rows, cols] = transposed;
  return Float64Array.from(weights, (_, at) => weights[(at % cols) * rows + Math.floor(at / cols)]);
}

function writeBias(
  file: ModelEdits,
  name: string,
  before: AffineOperator,
  after: AffineOperator,
  site: BiasSite | undefined,
): Edit | undefined {
  const change = after.bias.map((b, j) => b - before.bias[j]);
  if (change.every(c => c === 0)) return undefined;
  if (!site) {
    throw new PoliceError({
      code: 'invalid-network',
      where: name,
      expected: 'the model’s own offset',
      actual: 'another',
    });
  }
  const sign = site.kind === 'input' && site.negated ? -1 : 1;
  const stored = storedBias(after).map(b => sign * b);
  const values = representable(stored, site, name);
  const node = file.label(site.node);
  const sizes = sizesOf(storedBias({ ...after, bias: change }));
  switch (site.kind) {
    case 'input': {
      const tensor = file.inputOf(site.node, site.input);
      if (file.setConstant(tensor, values, site)) return { kind: 'bias', node, tensor, ...sizes };
      const own = file.addConstant(file.name(site.node, 'bias'), values, site);
      file.setInput(site.node, site.input, own);
      return { kind: 'own-bias', node, tensor: own, ...sizes };
    }
    case 'missing': {
      const tensor = file.addConstant(file.name(site.node, 'bias'), values, site);
      file.setInput(site.node, site.input, tensor);
      return { kind: 'new-bias', node, tensor, ...sizes };
    }
    case 'after':
      return { kind: 'add', node, tensor: addAfter(file, site.node, values, site), ...sizes };
  }
}

/** One value per bias group, or per unit where each has its own. */
function storedBias({ bias, biasGroups }: Pick<AffineOperator, 'bias' | 'biasGroups'>): Float64Array {
  if (!biasGroups) return bias;
  const stored = new Float64Array(biasGroups.reduce((most, group) => Math.max(most, group + 1), 0));
  biasGroups.forEach((group, j) => {
    stored[group] = bias[j];
  });
  return stored;
}

function addBefore(file: ModelEdits, site: ShiftSite, values: Float64Array): string {
  const { node, input, also = [] } = site;
  const tensor = file.addConstant(file.name(node, 'shift'), values, site);
  const output = file.name(node, 'shifted');
  file.insertBefore(node, { opType: 'Add', inputs: [file.inputOf(node, input), tensor], output });
  for (const place of [{ node, input }, ...also]) file.setInput(place.node, place.input, output);
  return tensor;
}

/** The node's output gets another name, and the Add the one that others know. */
function addAfter(file: ModelEdits, node: number, values: Float64Array, format: Format): string {
  const [output] = file.graph.node[node].output;
  const tensor = file.addConstant(file.name(node, 'bias'), values, format);
  const product = file.name(node, 'product');
  file.setOutput(node, product);
  file.insertAfter(node, { opType: 'Add', inputs: [product, tensor], output });
  return tensor;
}

function sizesOf(change: Float64Array): Pick<Edit, 'changed' | 'largest'> {
  return {
    changed: change.reduce((n, c) => n + Number(c !== 0), 0),
    largest: change.reduce((most, c) => Math.max(most, Math.abs(c)), 0),
  };
}

/** The values, if the file's format holds them exactly. */
function representable(values: Float64Array, { dtype }: Format, name: string): Float64Array {
  const round = rounderOf(dtype);
  const at = values.findIndex(value => round(value) !== value);
  if (at < 0) return values;
  throw new PoliceError({
    code: 'not-frozen',
    where: name,
    expected: `values of ${dtype}, in which the model stores them`,
    actual: `${values[at]} as entry ${at}`,
    remedy: `Call freeze(network, regions, { precision: '${dtype}' }) first and write its network back.`,
  });
}
