import { PoliceError } from '../../errors.js';
import { slopeAt } from '../../network/activation.js';
import type { Network } from '../../network/network.js';
import { type ActivationNode, inputsOf, type MaxNode } from '../../network/nodes.js';
import { UNRESOLVED } from '../../network/unresolved.js';
import { byKind, type NodeTable, type Progress } from '../../network/walk.js';
import { fractionOf, ONE, ZERO } from '../../numeric/fraction.js';
import type { Region } from '../../regions/region.js';
import { type AffinePieces, piecesOn } from '../../rule/pieces.js';
import { winnersOn } from '../../rule/winners.js';
import { exactRows } from './affine-rows.js';
import { type Coordinates, coordinatesOf } from './coordinates.js';
import { constantOf, coordinateOf } from './linear-form.js';
import { comment, defined, formText, fractionText, refutable } from './syntax.js';
import { affineUnit, constantUnit, type Lines, type Unit } from './units.js';

type Units = readonly Unit[];

/** What a node adds to the script, given the units it reads. */
type NodeScript = (inputs: readonly Units[]) => Lines<Units>;

/** What is defined at the end of {@link regionScript}. */
export interface Defined {
  readonly inputs: Units;
  readonly outputs: Units;
}

/**
 * The claim that a network is affine on a region, the r-th that `pieces` is about, as questions to a solver: node by node, every unit as an affine function of
 * the region's coordinates, and every nonlinearity on the piece that was proved, each claimed from the claims before it. Nothing branches.
 */
export function* regionScript(
  net: Network,
  region: Region,
  r: number,
  pieces: AffinePieces,
  progress?: Progress,
): Lines<Defined> {
  const coordinates = coordinatesOf(region.toJSON());
  const { names, constraints } = coordinates;
  yield comment(`a region of kind ${region.kind} in ${names.length} coordinates`);
  for (const name of names) yield `(declare-const ${name} Real)\n`;
  yield* constraints;
  const inputs = yield* inputUnits(coordinates);
  const table = scripts(net, r, pieces, names, inputs);
  const values = new Map<string, Units>();
  const lastReaders = lastReadersOf(net);
  for (const [i, node] of net.nodes.entries()) {
    yield comment(`node ${i}: '${node.name}', ${node.kind}`);
    const script = byKind(table, node);
    values.set(node.name, yield* script(inputsOf(node).map(name => values.get(name)!)));
    for (const name of lastReaders.get(node.name) ?? []) values.delete(name);
    progress?.(i + 1, net.nodes.length);
  }
  return { inputs, outputs: values.get(net.nodes.at(-1)!.name)! };
}

/** By the name of a node, those that no later node reads; what is forgotten takes no memory. */
function lastReadersOf({ nodes }: Network): Map<string, string[]> {
  const reader = new Map<string, string>();
  for (const node of nodes) for (const name of inputsOf(node)) reader.set(name, node.name);
  const last = new Map<string, string[]>();
  for (const [name, by] of reader) last.set(by, [...(last.get(by) ?? []), name]);
  return last;
}

/** The inputs: coordinates, constants, or affine functions of them. */
function* inputUnits({ x, names }: Coordinates): Lines<Units> {
  const units: Unit[] = [];
  for (const [i, form] of x.entries()) {
    const coordinate = coordinateOf(form);
    const constant = constantOf(form);
    if (coordinate !== undefined) units.push({ text: names[coordinate], form });
    else if (constant) units.push(constantUnit(constant));
    else {
      yield defined(`x${i}`, formText(form, names));
      units.push({ text: `x${i}`, form });
    }
  }
  return units;
}

function* withoutText(units: Units): Lines<Units> {
  yield* [];
  return units;
}

function scripts(
  net: Network,
  r: number,
  pieces: AffinePieces,
  names: readonly string[],
  x: Units,
): NodeTable<NodeScript> {
  const places = new Map(net.nodes.map(({ name }, i) => [name, i]));
  const nameOf = (node: { readonly name: string }, j: number) => `n${places.get(node.name)}_${j}`;
  return {
    ...UNRESOLVED,
    input: () => () => withoutText(x),
    affine: node =>
      function* ([from]) {
        const rows = exactRows(node);
        const { bias, outSize } = node.operator;
        const units: Unit[] = [];
        for (let j = 0; j < outSize; j++) {
          const terms = rows(j).map(({ index, weight }) => ({ weight, unit: from[index] }));
          units.push(yield* affineUnit(nameOf(node, j), terms, fractionOf(bias[j]), names));
        }
        return units;
      },
    sum: node =>
      function* (inputs) {
        const weights = inputs.map((_, k) => (node.coefficients ? fractionOf(node.coefficients[k]) : ONE));
        const units: Unit[] = [];
        for (const j of inputs[0].keys()) {
          const terms = inputs.map((from, k) => ({ weight: weights[k], unit: from[j] }));
          units.push(yield* affineUnit(nameOf(node, j), terms, ZERO, names));
        }
        return units;
      },
    concat: () => inputs => withoutText(inputs.flat()),
    activation: node =>
      function* ([from]) {
        assertExact(node);
        const { sides } = pieces.layers.get(node.name)!.shifts;
        const chosen = piecesOn(r, node.activation, sides, from.length);
        const units: Unit[] = [];
        for (const [j, unit] of from.entries()) {
          units.push(yield* activatedUnit(node, nameOf(node, j), unit, j, chosen[j], names));
        }
        return units;
      },
    max: node =>
      function* ([from]) {
        const winners = winnersOn(pieces.maxima.get(node.name)!, r);
        const units: Unit[] = [];
        for (const [w, winner] of winners.entries()) {
          units.push(yield* wonUnit(node, nameOf(node, w), from, w, winner, names));
        }
        return units;
      },
  };
}

/** The unit of an activation, after the claims that it is on its piece: between the kink before and the kink after it. */
function* activatedUnit(
  { activation, shift }: ActivationNode,
  name: string,
  unit: Unit,
  j: number,
  chosen: number,
  names: readonly string[],
): Lines<Unit> {
  const { kinks } = activation;
  const by = shift ? fractionOf(shift[j]) : ZERO;
  const h = yield* affineUnit(`${name}_shifted`, [{ weight: ONE, unit }], by, names);
  const before = kinks[chosen - 1]?.hi;
  const after = kinks[chosen]?.lo;
  if (before !== undefined) yield refutable(`(< ${h.text} ${fractionText(fractionOf(before))})`);
  if (after !== undefined) yield refutable(`(> ${h.text} ${fractionText(fractionOf(after))})`);
  const piece = activation.pieces[chosen];
  const slope = fractionOf(slopeAt(piece, j));
  return yield* affineUnit(name, [{ weight: slope, unit: h }], fractionOf(piece.offset), names);
}

/** The winner of a window, lift included, after the claims that no other entry exceeds it. */
function* wonUnit(
  { windows: { offsets, members }, lifts }: MaxNode,
  name: string,
  from: Units,
  w: number,
  winner: number,
  names: readonly string[],
): Lines<Unit> {
  const lift = lifts && lifts.winner[w] === winner ? fractionOf(lifts.lift[w]) : ZERO;
  const unit = yield* affineUnit(name, [{ weight: ONE, unit: from[winner] }], lift, names);
  const rivals = new Set(members.subarray(offsets[w], offsets[w + 1]));
  rivals.delete(winner);
  for (const rival of rivals) yield refutable(`(> ${from[rival].text} ${unit.text})`);
  return unit;
}

function assertExact({ name, activation }: ActivationNode): void {
  if (activation.approximationError === undefined) return;
  throw new PoliceError({
    code: 'unsupported-activation',
    where: name,
    expected: 'an activation that is exactly affine outside its kinks, for a proof in linear arithmetic',
    actual: `${activation.name}, which is so only up to an error`,
    remedy: 'Use a piecewise affine one; the certificate bounds the error of others.',
  });
}
