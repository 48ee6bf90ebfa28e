import { assertFinite, PoliceError } from '../errors.js';
import { roundActivation, scalarRounder } from '../network/activation.js';
import type { Lifts } from '../network/max-windows.js';
import { mapNodes, type Network } from '../network/network.js';
import type { NetworkNode } from '../network/nodes.js';
import { byKind, type NodeTable } from '../network/walk.js';
import { PRECISIONS, type Precision, roundAll } from '../numeric/precision.js';

/** The format of a name. Throws `invalid-option`. */
export function precisionOf(name: string): Precision {
  const found = PRECISIONS.find(precision => precision.name === name);
  if (found) return found;
  throw new PoliceError({
    code: 'invalid-option',
    where: 'precision',
    expected: PRECISIONS.map(precision => `'${precision.name}'`).join(' or '),
    actual: name,
  });
}

/** Every parameter rounded to the nearest value of the format, lifts upwards. Throws `not-finite` where one overflows. */
export function roundNetwork(net: Network, precision: Precision): Network {
  const scalar = scalarRounder(precision);
  const rounded: NodeTable<NetworkNode> = {
    input: node => node,
    concat: node => node,
    clamp: node => node,
    opaque: node => node,
    affine: node => {
      const operator = node.operator.rounded(precision);
      const remedy = `The largest ${precision.name} is smaller: scale the weights down, or keep a wider format.`;
      for (const values of operator.parameters) assertFinite(values, node.name, remedy);
      return { ...node, operator };
    },
    activation: ({ shift, ...node }) => ({
      ...node,
      activation: roundActivation(node.activation, precision),
      ...(shift ? { shift: roundAll(shift, precision) } : {}),
    }),
    sum: node => (node.coefficients ? { ...node, coefficients: node.coefficients.map(scalar) } : node),
    max: node => (node.lifts ? { ...node, lifts: roundLifts(node.lifts, precision) } : node),
  };
  return mapNodes(net, rounded);
}

function roundLifts({ winner, lift }: Lifts, { up }: Precision): Lifts {
  return { winner, lift: lift.map(up) };
}

/** Whether every parameter is a value of the format, as after `freeze`. */
export function isRepresentable({ nodes }: Pick<Network, 'nodes'>, precision: Precision): boolean {
  const { round } = precision;
  const scalar = scalarRounder(precision);
  const fits = (values: Float64Array | readonly number[] = []) => values.every((x: number) => round(x) === x);
  const isFit: NodeTable<boolean> = {
    input: () => true,
    concat: () => true,
    clamp: () => true,
    opaque: () => true,
    affine: ({ operator }) => operator.parameters.every(fits),
    activation: ({ activation, shift }) =>
      fits(shift) &&
      activation.pieces.every(({ offset }) => scalar(offset) === offset) &&
      (activation.alpha === undefined || scalar(activation.alpha) === activation.alpha) &&
      activation.pieces.every(({ slope }) =>
        typeof slope === 'number' ? scalar(slope) === slope : fits(slope),
      ),
    sum: ({ coefficients = [] }) => coefficients.every(c => scalar(c) === c),
    max: ({ lifts }) => fits(lifts?.lift),
  };
  return nodes.every(node => byKind(isFit, node));
}
