import {
  type ChainLayer,
  chain,
  dense,
  type Matrix,
  matrixFromRows,
  type Network,
  type Region,
  vPolytope,
} from '@police/core';
import { activationByName } from '@police/core/adapter';
import fixtures from './fixtures/police-pytorch.json' with { type: 'json' };

interface Layer {
  weight: number[][];
  bias: number[];
}

export interface PytorchCase {
  name: string;
  network: Network;
  region: Region;
  activationNames: string[];
  affineNames: string[];
  shifts: number[][];
  x: Matrix;
  y: Matrix;
  xInside: Matrix;
  yInside: Matrix;
  target: Matrix;
  mseLoss: number;
  /** By affine layer, the head last. */
  gradients: Layer[];
  layers: Layer[];
  activation: { name: string; alpha: number | undefined };
  vertices: number[][];
}

/** The authors' PyTorch figures as networks and regions of this project. */
export const pytorchCases: PytorchCase[] = fixtures.cases.map(fixture => {
  const [name, alphaText] = fixture.activation.split(':');
  const alpha = alphaText === undefined ? undefined : Number(alphaText);
  const layers: Layer[] = [...fixture.layers, fixture.output];
  const parts: ChainLayer[] = layers.flatMap((layer, i) => {
    const affine = dense(layer.weight, layer.bias);
    return i < layers.length - 1
      ? [affine, activationByName(name, alpha === undefined ? {} : { alpha })]
      : [affine];
  });
  const network = chain(fixture.vertices[0].length, parts);
  const namesOf = (kind: string) => network.nodes.filter(node => node.kind === kind).map(node => node.name);
  return {
    name: fixture.name,
    network,
    region: vPolytope(fixture.vertices),
    activationNames: namesOf('activation'),
    affineNames: namesOf('affine'),
    shifts: fixture.shifts,
    x: matrixFromRows(fixture.x),
    y: matrixFromRows(fixture.y),
    xInside: matrixFromRows(fixture.xInside),
    yInside: matrixFromRows(fixture.yInside),
    target: matrixFromRows(fixture.target),
    mseLoss: fixture.mseLoss,
    gradients: [...fixture.gradients, fixture.outputGradients],
    layers,
    activation: { name, alpha },
    vertices: fixture.vertices,
  };
});
