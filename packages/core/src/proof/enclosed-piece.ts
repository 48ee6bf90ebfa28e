import type { Demand } from '../demands/demand-type.js';
import type { DemandProof, EnclosedMap } from '../demands/enclosed-map.js';
import { proveDemand } from '../demands/prove.js';
import { PoliceError } from '../errors.js';
import { isApproximate } from '../frames/approximation-error.js';
import { slopeAt } from '../network/activation.js';
import { type Network, network } from '../network/network.js';
import type { ActivationNode, MaxNode, NetworkNode } from '../network/nodes.js';
import { gather } from '../network/operators/gather.js';
import { scale } from '../network/operators/scale.js';
import { matrix, rowRange, transposed } from '../numeric/matrix.js';
import { boxAround } from '../regions/kinds/symmetric.js';
import type { Region } from '../regions/region.js';
import { type AffinePieces, piecesOn } from '../rule/pieces.js';
import { resolveClamps } from './clamps.js';
import { assertCertified, type CertifyOptions, certifyPlain } from './plain-proof.js';

/**
 * The exact affine map of a network on a region, in outward-rounded arithmetic: A and b as floats, and how far they can be off. The network,
 * its parameters taken as exact real numbers, is proved affine there; what it is there, its units replaced by their pieces, is a linear
 * network, whose frame on the unit box is b and the columns of A with bounds on all rounding. A patch's map is stored as it is: no error.
 *
 * Throws `not-frozen` where the network is not proved affine on the region, `unsupported-activation` where it is so only up to an error.
 */
export function enclosedMapOn(
  net: Network,
  region: Region,
  options: Pick<CertifyOptions, 'memory'> = {},
): EnclosedMap {
  const resolved = resolveClamps(net, region, options);
  if ('certified' in resolved) throw notProved(resolved);
  if (isApproximate(resolved.network)) throw onlyNearly(region);
  const proof = certifyPlain(resolved.network, [region], options);
  assertCertified(proof);
  const linear = linearised(resolved.network, proof.pieces!);
  const stored = storedMap(linear);
  if (stored) return stored;
  const unit = boxAround(new Float64Array(region.size), 1);
  const found = certifyPlain(linear, [unit], options);
  assertCertified(found);
  const { values, error } = found.regions[0].outputFrame;
  return {
    A: transposed(rowRange(values, 1, values.rows)),
    b: values.data.slice(0, values.cols),
    error,
  };
}

/** Proves a demand of a network's exact map on a region. Throws as {@link enclosedMapOn} does. */
export function provenDemand(
  net: Network,
  region: Region,
  demand: Demand,
  options: Pick<CertifyOptions, 'memory'> = {},
): DemandProof {
  return proveDemand(demand, enclosedMapOn(net, region, options), region);
}

/** The residual of a demand that is proved. Throws `infeasible-target` where it is not, or as {@link enclosedMapOn} does. */
export function assertDemand(...asked: Parameters<typeof provenDemand>): number {
  const proof = provenDemand(...asked);
  if (proof.holds) return proof.residual;
  throw new PoliceError({
    code: 'infeasible-target',
    where: proof.where,
    expected: 'a demand that is proved of the map on the region',
    actual: proof.actual,
    remedy: 'Hold it first: holdDemand, a patch with this demand, or the option target in training.',
  });
}

/** Of a network that is one dense layer, as those are that a patch holds. */
function storedMap({ nodes }: Network): EnclosedMap | undefined {
  const [, only] = nodes;
  if (nodes.length !== 2 || only.kind !== 'affine' || only.operator.kind !== 'dense') return undefined;
  const { weight, bias } = only.operator;
  return {
    A: matrix(weight.rows, weight.cols, weight.data.slice()),
    b: bias.slice(),
    error: new Float64Array(weight.rows),
  };
}

/** The network with every unit replaced by the piece it is on, every maximum by its winners. */
function linearised(net: Network, pieces: AffinePieces): Network {
  return network(
    net.nodes.flatMap((node): NetworkNode[] => {
      if (node.kind === 'activation') return pieceOf(node, pieces, net.sizes.get(node.input)!);
      if (node.kind === 'max') return winnersOf(node, pieces, net.sizes.get(node.input)!);
      return [node];
    }),
  );
}

/** slope · (h + shift) + offset, in two steps where both add something, so that nothing is rounded here. */
function pieceOf(
  { name, input, activation, shift }: ActivationNode,
  { layers }: AffinePieces,
  units: number,
): NetworkNode[] {
  const at = piecesOn(0, activation, layers.get(name)!.shifts.sides, units);
  const factor = Float64Array.from(at, (piece, j) => slopeAt(activation.pieces[piece], j));
  const offset = Float64Array.from(at, piece => activation.pieces[piece].offset);
  const shifted = `${name} shifted`;
  return [
    ...(shift ? [{ kind: 'affine' as const, name: shifted, input, operator: scale({ offset: shift }) }] : []),
    { kind: 'affine', name, input: shift ? shifted : input, operator: scale({ factor, offset }) },
  ];
}

/** The winner's entry and what it is lifted by. */
function winnersOf({ name, input, lifts }: MaxNode, { maxima }: AffinePieces, inSize: number): NetworkNode[] {
  const index = maxima.get(name)!.winners;
  const picked = `${name} winners`;
  const lift = Float64Array.from(index, (winner, w) => (lifts?.winner[w] === winner ? lifts.lift[w] : 0));
  return [
    { kind: 'affine', name: picked, input, operator: gather({ inSize, index }) },
    { kind: 'affine', name, input: picked, operator: scale({ offset: lift }) },
  ];
}

const notProved = ({ layer, unit }: { layer: string; unit: number }): PoliceError =>
  new PoliceError({
    code: 'not-frozen',
    where: layer,
    expected: 'a network affine on the region, of which a demand can be proved',
    actual: `unit ${unit}, which may bend`,
    remedy: 'Freeze the network on the region first.',
  });

const onlyNearly = ({ kind }: Region): PoliceError =>
  new PoliceError({
    code: 'unsupported-activation',
    where: kind,
    expected: 'a network that is exactly affine on the region, for a demand on its map',
    actual: 'one that is so up to an error, by smooth activations',
    remedy: 'Use piecewise affine activations, or a patch.',
  });
