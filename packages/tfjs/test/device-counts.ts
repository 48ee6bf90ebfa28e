import { ball, box, type Region, regularPolygon, simplex, type TrainingOptions } from '@police/core';
import { constrain } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { activationLayer, adamStep, type LayerKind, makeModel, randomRows, toTensor } from './helpers.js';

/** What passed between the processor and the device. */
interface Traffic {
  reads: number;
  uploads: number;
}

type Method = (...args: unknown[]) => unknown;

/** Counts the backend's reads, and tensors made of values, until `stop`. */
function countTraffic(): Traffic & { stop: () => void } {
  const traffic = { reads: 0, uploads: 0, stop: () => {} };
  const restores: (() => void)[] = [];
  const wrap = (owner: object, name: string, count: (...args: unknown[]) => void): void => {
    const own = owner as Record<string, Method>;
    const original = own[name];
    own[name] = function wrapped(this: unknown, ...args) {
      count(...args);
      return original.apply(this, args);
    };
    restores.push(() => {
      Reflect.deleteProperty(own, name);
    });
  };
  const backend = tf.backend();
  // Kernels of the cpu backend look at their operands by this; those of devices have none.
  const { bufferSync } = backend as { bufferSync?: Method };
  let isInKernel = false;
  if (tf.getBackend() === 'cpu' && bufferSync) {
    const own = backend as unknown as Record<string, Method>;
    own.bufferSync = (...args) => {
      isInKernel = true;
      const buffer = bufferSync.apply(backend, args);
      isInKernel = false;
      return buffer;
    };
    restores.push(() => {
      Reflect.deleteProperty(own, 'bufferSync');
    });
  }
  for (const name of ['read', 'readSync', 'readToGPU']) {
    if (name in backend)
      wrap(backend, name, dataId => {
        if (!isInKernel && !isAtHand(backend, dataId as object)) traffic.reads++;
      });
  }
  wrap(tf.engine(), 'makeTensor', () => {
    traffic.uploads++;
  });
  traffic.stop = () => {
    for (const restore of restores) restore();
  };
  return traffic;
}

interface DeviceData {
  get(dataId: object): { values?: unknown } | undefined;
}

/**
 * Whether a device's values are known without it: webgl computes a few small numbers on the processor, and reads those of its own accord.
 */
function isAtHand(backend: object, dataId: object): boolean {
  const { texData, tensorMap } = backend as { texData?: DeviceData; tensorMap?: DeviceData };
  const values = (texData ?? tensorMap)?.get(dataId)?.values;
  return values !== undefined && values !== null;
}

const STEPS = 20;
const BATCH = 4;

/** What a step may leave to a callback, without the loss that `CustomCallback` reads for it. */
class AfterBatch extends tfl.Callback {
  constructor(private readonly action: (batch: number) => void) {
    super();
  }

  override async onBatchEnd(batch: number): Promise<void> {
    this.action(batch);
  }
}

/** Traffic of steps 2 to 21 of an epoch of `fit`, the loss at its end left out. */
async function trafficOfFit(model: tfl.LayersModel): Promise<Traffic> {
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError' });
  const [x, y] = dataFor(model);
  let counted: (Traffic & { stop: () => void }) | undefined;
  const callback = new AfterBatch(batch => {
    if (batch === 0) counted = countTraffic();
    if (batch === STEPS) counted!.stop();
  });
  await model.fit(x, y, { batchSize: BATCH, shuffle: false, verbose: 0, callbacks: [callback] });
  return { reads: counted!.reads, uploads: counted!.uploads };
}

function trafficOfLoop(model: tfl.LayersModel): Traffic {
  const [x, y] = dataFor(model).map(data => tf.split(data, STEPS + 1)[0]);
  const step = adamStep(model, x, y);
  step();
  const counted = countTraffic();
  for (let i = 0; i < STEPS; i++) step();
  counted.stop();
  return { reads: counted.reads, uploads: counted.uploads };
}

function dataFor(model: tfl.LayersModel): [tf.Tensor, tf.Tensor] {
  const rows = BATCH * (STEPS + 1);
  const [inShape, outShape] = [model.inputs[0], model.outputs[0]].map(
    ({ shape }) => shape.slice(1) as number[],
  );
  const size = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);
  return [
    tf.reshape(toTensor(randomRows(rows, size(inShape), 1)), [rows, ...inShape]),
    tf.reshape(toTensor(randomRows(rows, size(outShape), 2)), [rows, ...outShape]),
  ];
}

const square = box([-1, -1], [1, 1]);

interface CountCase {
  readonly what: string;
  readonly kind?: LayerKind;
  readonly regions?: readonly Region[];
  readonly options?: Partial<TrainingOptions>;
  readonly make?: () => tfl.LayersModel;
  /** Single numbers that each step may upload besides. @defaultValue 0 */
  readonly numbers?: number;
}

const convolutional = (): tfl.LayersModel =>
  tfl.sequential({
    layers: [
      tfl.layers.conv2d({ filters: 2, kernelSize: 2, inputShape: [4, 4, 1] }),
      activationLayer('leakyRelu'),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 3 }),
      activationLayer('relu'),
      tfl.layers.dense({ units: 1 }),
    ],
  });

const pooled = (): tfl.LayersModel =>
  tfl.sequential({
    layers: [
      tfl.layers.conv2d({ filters: 2, kernelSize: 2, inputShape: [4, 4, 1], activation: 'relu' }),
      tfl.layers.maxPooling2d({ poolSize: 2, strides: 1 }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 3, activation: 'relu' }),
      tfl.layers.dense({ units: 1 }),
    ],
  });

const normalised = (): tfl.LayersModel =>
  tfl.sequential({
    layers: [
      tfl.layers.dense({ units: 6, inputShape: [2] }),
      tfl.layers.batchNormalization(),
      activationLayer('leakyRelu'),
      tfl.layers.dense({ units: 6 }),
      tfl.layers.batchNormalization(),
      activationLayer('relu'),
      tfl.layers.dense({ units: 1 }),
    ],
  });

const cases: readonly CountCase[] = [
  { what: 'a box, leaky ReLU' },
  { what: 'a ball, PReLU', kind: 'prelu', regions: [ball([0, 0], 1)] },
  {
    what: 'a polygon and a triangle, hard tanh',
    kind: 'hardTanh',
    regions: [
      regularPolygon(5),
      simplex([
        [2, 2],
        [3, 2],
        [2, 3],
      ]),
    ],
  },
  { what: 'majority', options: { policy: 'majority' } },
  { what: 'minimal, ReLU6', kind: 'relu6', options: { policy: 'minimal' } },
  { what: 'a local gradient', options: { gradient: 'local' } },
  { what: 'shifts refreshed every third step', options: { refresh: 3 } },
  { what: 'mode project', options: { mode: 'project' } },
  { what: 'shifts that fade', options: { fade: 0.5 }, numbers: 2 },
  {
    what: 'a prescribed map',
    options: { target: { A: { rows: 1, cols: 2, data: Float64Array.of(1, 2) }, b: [1] } },
  },
  { what: 'a schedule that has ended', options: { schedule: { from: 0.5, steps: 0 } } },
  {
    what: 'max-pooling, two regions',
    make: pooled,
    regions: [
      box(new Float64Array(16).fill(-1), new Float64Array(16).fill(1)),
      ball(new Float64Array(16).fill(3), 1),
    ],
  },
  {
    what: 'max-pooling, lifts refreshed every third step',
    make: pooled,
    regions: [box(new Float64Array(16).fill(-1), new Float64Array(16).fill(1))],
    options: { refresh: 3 },
  },
  { what: 'batch normalisation', make: normalised },
  { what: 'batch normalisation, mode project', make: normalised, options: { mode: 'project' }, numbers: 2 },
  {
    what: 'a convolution, per channel',
    make: convolutional,
    regions: [box(new Float64Array(16).fill(-1), new Float64Array(16).fill(1))],
  },
];

/**
 * A step of a constrained model reads nothing back, and uploads what the same step of the model alone uploads: of all cases, or those by name.
 */
export function countLaws(chosen: readonly string[] = cases.map(({ what }) => what)): void {
  describe('a training step', () => {
    test.each(chosen.map(name => cases.find(({ what }) => what === name)!))(
      '$what: no read, and no upload of its own',
      async ({ kind, regions, options, make, numbers }) => {
        const model = make ?? (() => makeModel([2, 6, 6, 1], kind ?? 'leakyRelu'));
        const policed = () => constrain(model(), { regions: regions ?? [square], ...options });
        const free = { fit: await trafficOfFit(model()), loop: trafficOfLoop(model()) };
        const own = { fit: await trafficOfFit(policed()), loop: trafficOfLoop(policed()) };
        for (const way of ['fit', 'loop'] as const) {
          expect(own[way].reads, `reads, ${way}`).toBe(0);
          expect(own[way].uploads, `uploads, ${way}`).toBeLessThanOrEqual(
            free[way].uploads + STEPS * (numbers ?? 0),
          );
        }
      },
    );
  });
}
