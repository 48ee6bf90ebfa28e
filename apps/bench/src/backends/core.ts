import { seededRng } from '@police/common/random';
import {
  certify,
  type Dense,
  enforce,
  forward,
  freeze,
  type Matrix,
  type PolicedBackwardOptions,
  policedBackward,
  policedForward,
  type Region,
  type Sides,
} from '@police/core';
import type { AffineGradient } from '@police/core/adapter';
import { type BenchCase, inputSizeOf } from '../cases/case.js';
import { regionOf, verticesOf } from '../cases/region.js';
import { batchOf, LEAK } from '../cases/seeded.js';
import { workBound } from '../work.js';
import type { Backend, Contender, Prepared } from './backend.js';
import { coreLayers, coreNetwork, matrixOf, vertexMatrix } from './core-net.js';
import { type PlainLayer, plainBackward, plainForward } from './plain.js';

/** So small that the nets stay what they are. */
const RATE = 1e-9;

/** This project's core: float64 in plain JavaScript, one thread. */
export const core: Backend = {
  name: 'core',
  roundoff: 2 ** -53,
  speed: () => 1e9,
  batchOf: spec => spec.batch,
  refusal: ({ model }) =>
    model.kind === 'conv' ? 'has convolutions, but the case is defined as a TensorFlow.js model' : undefined,
  async prepare(spec) {
    const prepared = { train, predict, tools }[spec.task](spec);
    return { absent: {}, dispose: () => {}, ...prepared };
  },
};

type Parts = Pick<Prepared, 'contenders'> & Partial<Prepared>;

function train(spec: BenchCase): Parts {
  const region = regionOf(spec);
  const layers = coreLayers(spec);
  const net = coreNetwork(spec, layers);
  const x = matrixOf(batchOf(spec), inputSizeOf(spec.model));
  const vertices = verticesOf(spec);

  const policed = (
    regions: readonly Region[],
    gradient: PolicedBackwardOptions['gradient'] = 'exact',
  ): (() => void) => {
    let sides: Sides = {};
    return () => {
      const pass = policedForward(net, regions, x, { sides });
      sides = Object.fromEntries([...pass.pass.layers].map(([name, { shifts }]) => [name, shifts.sides]));
      const { affine } = policedBackward(pass, meanSquareGradient(pass.output), { gradient });
      descend(layers, [...affine.values()].reverse());
    };
  };
  const evaluate = (points: Matrix) => policedForward(net, [region], points).output;
  const contenders: Contender[] = [
    { name: 'unconstrained', run: policed([]), bound: 1 },
    { name: 'ours', run: policed([region]), bound: workBound(spec, 'ours'), evaluate },
    { name: 'local', run: policed([region], 'local'), bound: workBound(spec, 'local') },
  ];
  const absent: Record<string, string> = {
    project: 'core has no training loop of its own',
    refresh: 'core has no training loop of its own',
  };
  if (typeof vertices === 'string') return { contenders, absent: { ...absent, plain: vertices } };

  const plain = plainLayers(layers, LEAK);
  const at = vertexMatrix(vertices);
  contenders.push({
    name: 'plain',
    bound: workBound(spec, 'plain'),
    run: () => {
      const pass = plainForward(plain, x, at);
      descend(layers, plainBackward(plain, pass, meanSquareGradient(pass.output)));
    },
    evaluate: points => plainForward(plain, points, at).output,
  });
  return { contenders, absent };
}

function predict(spec: BenchCase): Parts {
  const net = coreNetwork(spec);
  const frozen = freeze(net, [regionOf(spec)], { precision: 'float64' }).network;
  const x = matrixOf(batchOf(spec), inputSizeOf(spec.model));
  const run = (of: typeof net) => () => void forward(of, x);
  return {
    contenders: [
      { name: 'plain model', run: run(net) },
      { name: 'frozen', run: run(frozen), bound: 1, evaluate: points => forward(frozen, points) },
    ],
  };
}

function tools(spec: BenchCase): Parts {
  const net = coreNetwork(spec);
  const regions = [regionOf(spec)];
  const enforced = enforce(net, regions).network;
  const frozen = freeze(enforced, regions).network;
  const proof = certify(frozen, regions);
  if (!proof.certified) throw new Error(`the frozen network was not certified: ${proof.layer}`);
  return {
    contenders: [
      frameForward(spec),
      { name: 'enforce', run: () => void enforce(net, regions), evaluate: x => forward(enforced, x) },
      { name: 'freeze', run: () => void freeze(enforced, regions), evaluate: x => forward(frozen, x) },
      { name: 'certify', run: () => void certify(frozen, regions) },
    ],
  };
}

/** What tools are compared with: core's plain forward pass on as many points as the frame has rows. */
export function frameForward(spec: BenchCase): Contender {
  const net = coreNetwork(spec);
  const { rows } = regionOf(spec).frame;
  const x = randomPoints(regionOf(spec), rows);
  return { name: 'forward of the frame', run: () => void forward(net, x) };
}

function randomPoints(region: Region, count: number): Matrix {
  const rng = seededRng(5);
  return vertexMatrix(Array.from({ length: count }, () => region.sample(rng)));
}

/** With the nonlinearity after all layers but the last. */
export const plainLayers = (layers: readonly Dense[], slope: number): PlainLayer[] =>
  layers.map((operator, i) => (i + 1 < layers.length ? { operator, slope } : { operator }));

/** Of the outputs' mean square. */
export const meanSquareGradient = (y: Matrix): Matrix => ({ ...y, data: y.data.map(v => (2 * v) / y.rows) });

/** A step of gradient descent, in place. */
export function descend(
  layers: readonly Dense[],
  gradients: readonly Pick<AffineGradient, 'weight' | 'bias'>[],
): void {
  layers.forEach(({ weight, bias }, i) => {
    const { weight: dw, bias: db } = gradients[i];
    for (let k = 0; k < weight.data.length; k++) weight.data[k] -= RATE * dw.data[k];
    for (let j = 0; j < bias.length; j++) bias[j] -= RATE * db[j];
  });
}
