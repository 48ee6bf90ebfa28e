import { hardTanh } from '@police/tfjs/all';
import * as tfl from '@tensorflow/tfjs-layers';

const { layers, initializers } = tfl;
type Layer = tfl.layers.Layer;
type Value = tfl.SymbolicTensor;

/** A model of some layer kinds; names are fixed, so that a second one differs in nothing. */
export interface ModelCase {
  readonly what: string;
  /** Regions reach as far as this. */
  readonly scale?: number;
  /** Whether every nonlinearity can be projected. */
  readonly projectable?: boolean;
  /** Whether it is tested in a browser too. */
  readonly inBrowser?: boolean;
  make(): tfl.LayersModel;
}

/** Counts up for seeds and names within one model. */
class Maker {
  private count = 0;

  private seed(): number {
    this.count++;
    return 7 * this.count;
  }

  /** What every layer with weights gets. */
  get random() {
    return {
      kernelInitializer: initializers.heNormal({ seed: this.seed() }),
      biasInitializer: initializers.randomUniform({ minval: -0.3, maxval: 0.3, seed: this.seed() }),
      name: `layer${this.count}`,
    };
  }

  get randomDepthwise() {
    const { kernelInitializer: depthwiseInitializer, ...rest } = this.random;
    return { depthwiseInitializer, ...rest };
  }

  get named() {
    return { name: `plain${this.seed()}` };
  }

  /** Batch normalisation with statistics that are not those of a fresh layer. */
  batchNorm(args: { scale?: boolean; center?: boolean } = {}): Layer {
    return layers.batchNormalization({
      ...this.named,
      gammaInitializer: initializers.randomUniform({ minval: 0.5, maxval: 1.5, seed: this.seed() }),
      betaInitializer: initializers.randomUniform({ minval: -0.3, maxval: 0.3, seed: this.seed() }),
      movingMeanInitializer: initializers.randomUniform({ minval: -0.3, maxval: 0.3, seed: this.seed() }),
      movingVarianceInitializer: initializers.randomUniform({ minval: 0.5, maxval: 2, seed: this.seed() }),
      ...args,
    });
  }

  leaky = (): Layer => layers.leakyReLU({ alpha: 0.1, ...this.named });

  prelu = (sharedAxes?: number[]): Layer =>
    layers.prelu({
      ...this.named,
      alphaInitializer: initializers.randomUniform({ minval: -0.5, maxval: 0.5, seed: this.seed() }),
      // The types know one axis only; the layer takes several.
      ...(sharedAxes ? { sharedAxes: sharedAxes as unknown as number } : {}),
    });
}

const chained = (inputShape: number[], make: (m: Maker) => Layer[]): tfl.LayersModel => {
  const list = make(new Maker());
  return tfl.sequential({
    name: 'chain',
    layers: [layers.inputLayer({ inputShape, name: 'given' }), ...list],
  });
};

const functional = (shape: number[], make: (x: Value, m: Maker) => Value): tfl.LayersModel => {
  const inputs = tfl.input({ shape, name: 'given' });
  return tfl.model({ inputs, outputs: make(inputs, new Maker()), name: 'functional' });
};

const through = (x: Value, ...list: Layer[]): Value =>
  list.reduce((value, layer) => layer.apply(value) as Value, x);
const merged = (layer: Layer, ...values: Value[]): Value => layer.apply(values) as Value;

export const modelCases: ModelCase[] = [
  {
    what: 'Conv2D with strides, padding and an activation of its own',
    inBrowser: true,
    projectable: true,
    make: () =>
      chained([4, 4, 2], m => [
        layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', ...m.random }),
        m.batchNorm(),
        m.leaky(),
        layers.conv2d({ filters: 2, kernelSize: [2, 3], strides: [2, 1], activation: 'relu', ...m.random }),
        layers.flatten(m.named),
        layers.dense({ units: 4, ...m.random }),
        m.prelu(),
        layers.dense({ units: 2, ...m.random }),
      ]),
  },
  {
    what: 'Conv2D with channels first',
    make: () =>
      chained([2, 4, 4], m => [
        layers.conv2d({ filters: 3, kernelSize: 2, dataFormat: 'channelsFirst', ...m.random }),
        m.leaky(),
        layers.maxPooling2d({ poolSize: 2, strides: 1, dataFormat: 'channelsFirst', ...m.named }),
        layers.averagePooling2d({ poolSize: 2, strides: 1, dataFormat: 'channelsFirst', ...m.named }),
        layers.flatten({ dataFormat: 'channelsFirst', ...m.named }),
        layers.dense({ units: 2, ...m.random }),
      ]),
  },
  {
    what: 'DepthwiseConv2D, SeparableConv2D and average pooling',
    projectable: true,
    make: () =>
      chained([4, 4, 2], m => [
        layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, padding: 'same', ...m.randomDepthwise }),
        m.leaky(),
        layers.separableConv2d({
          filters: 3,
          kernelSize: 2,
          padding: 'same',
          depthwiseInitializer: initializers.heNormal({ seed: 5 }),
          name: 'separable',
        }),
        m.leaky(),
        layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same', ...m.named }),
        layers.conv2d({ filters: 2, kernelSize: 1, activation: 'relu', ...m.random }),
        layers.globalAveragePooling2d(m.named),
        layers.dense({ units: 2, ...m.random }),
      ]),
  },
  {
    what: 'Conv2DTranspose, upsampling, padding and cropping',
    projectable: true,
    make: () =>
      chained([2, 3, 1], m => [
        layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same', ...m.random }),
        m.leaky(),
        layers.upSampling2d({ size: [2, 1], ...m.named }),
        layers.upSampling2d({ size: [1, 2], interpolation: 'bilinear', ...m.named }),
        layers.cropping2D({
          cropping: [
            [1, 2],
            [3, 1],
          ],
          ...m.named,
        }),
        layers.conv2dTranspose({
          filters: 2,
          kernelSize: [1, 2],
          strides: [2, 1],
          padding: 'valid',
          ...m.random,
        }),
        m.leaky(),
        layers.zeroPadding2d({
          padding: [
            [1, 0],
            [0, 2],
          ],
          ...m.named,
        }),
        layers.conv2d({ filters: 1, kernelSize: 3, strides: 2, ...m.random }),
        m.leaky(),
        layers.flatten(m.named),
        layers.dense({ units: 2, ...m.random }),
      ]),
  },
  {
    what: 'Conv1D, Dense on the last axis and maxima in one dimension',
    make: () =>
      chained([7, 2], m => [
        layers.conv1d({ filters: 3, kernelSize: 3, padding: 'same', ...m.random }),
        m.leaky(),
        layers.maxPooling1d({ poolSize: 3, strides: 2, padding: 'same', ...m.named }),
        layers.dense({ units: 3, ...m.random }),
        m.leaky(),
        layers.averagePooling1d({ poolSize: 2, strides: 1, ...m.named }),
        layers.dense({ units: 2, activation: 'relu', ...m.random }),
        layers.globalMaxPooling1d(m.named),
        layers.dense({ units: 2, ...m.random }),
      ]),
  },
  {
    what: 'overlapping max-pooling and a global maximum',
    make: () =>
      chained([5, 5, 1], m => [
        layers.conv2d({ filters: 2, kernelSize: 2, ...m.random }),
        layers.maxPooling2d({ poolSize: 3, strides: 1, padding: 'same', ...m.named }),
        m.leaky(),
        layers.conv2d({ filters: 3, kernelSize: 2, ...m.random }),
        layers.globalMaxPooling2d({ dataFormat: 'channelsLast', ...m.named }),
        layers.dense({ units: 2, ...m.random }),
      ]),
  },
  {
    what: 'a residual block with batch normalisation',
    inBrowser: true,
    make: () =>
      functional([4, 4, 1], (x, m) => {
        const first = through(
          x,
          layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same', useBias: false, ...m.random }),
          m.batchNorm(),
          m.leaky(),
        );
        const second = through(
          first,
          layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same', ...m.random }),
          m.batchNorm({ scale: false }),
        );
        const sum = merged(layers.add(m.named), first, second);
        return through(
          sum,
          layers.reLU(m.named),
          layers.maxPooling2d({ poolSize: 2, ...m.named }),
          layers.flatten(m.named),
          layers.dense({ units: 4, ...m.random }),
          m.batchNorm({ center: false }),
          m.leaky(),
          layers.dense({ units: 2, ...m.random }),
        );
      }),
  },
  {
    what: 'Concatenate, Add, Average, Maximum, Permute and Reshape',
    make: () =>
      functional([3, 2, 2], (x, m) => {
        const conv = () => through(x, layers.conv2d({ filters: 2, kernelSize: 1, ...m.random }), m.leaky());
        const [a, b, c] = [conv(), conv(), conv()];
        const channels = merged(layers.concatenate({ axis: -1, ...m.named }), a, b);
        const rows = merged(layers.concatenate({ axis: 1, ...m.named }), b, c);
        const turned = through(
          rows,
          layers.permute({ dims: [3, 2, 1], ...m.named }),
          layers.reshape({ targetShape: [3, 2, 4], ...m.named }),
        );
        const mixed = merged(layers.average(m.named), channels, turned);
        const most = merged(layers.maximum(m.named), mixed, channels, turned);
        const sum = merged(
          layers.add(m.named),
          through(most, layers.conv2d({ filters: 2, kernelSize: 1, ...m.random })),
          a,
        );
        return through(
          sum,
          m.prelu([1, 2]),
          layers.flatten(m.named),
          layers.dense({ units: 2, ...m.random }),
        );
      }),
  },
  {
    what: 'ReLU with a largest value, ELU, SELU, hard sigmoid and hard tanh',
    scale: 2,
    projectable: true,
    make: () =>
      chained([3], m => [
        layers.dense({ units: 5, ...m.random }),
        layers.reLU({ maxValue: 0.5, ...m.named }),
        layers.dense({ units: 4, ...m.random }),
        layers.elu(m.named),
        layers.dense({ units: 4, activation: 'selu', ...m.random }),
        layers.dense({ units: 4, ...m.random }),
        hardTanh(m.named),
        layers.dense({ units: 3, activation: 'hardSigmoid', ...m.random }),
        layers.dense({ units: 2, ...m.random }),
      ]),
  },
  {
    what: 'activations in a row, before any layer, and after a layer without bias',
    make: () =>
      chained([3], m => [
        m.leaky(),
        layers.dense({ units: 5, useBias: false, activation: 'relu6', ...m.random }),
        hardTanh(m.named),
        layers.dense({ units: 2, ...m.random }),
        layers.activation({ activation: 'elu', ...m.named }),
        layers.dense({ units: 2, ...m.random }),
      ]),
  },
  {
    what: 'first layers that have the input’s shape',
    make: () => {
      const m = new Maker();
      const first = layers.conv1d({
        filters: 3,
        kernelSize: 2,
        inputShape: [4, 2],
        activation: 'relu',
        ...m.random,
      });
      const inner = tfl.sequential({
        name: 'first_model',
        layers: [first, layers.maxPooling1d({ poolSize: 2, ...m.named })],
      });
      return tfl.sequential({
        layers: [inner, layers.flatten(m.named), layers.dense({ units: 2, ...m.random })],
      });
    },
  },
  {
    what: 'models in models',
    projectable: true,
    make: () =>
      functional([3], (x, m) => {
        const inner = tfl.sequential({
          name: 'inner',
          layers: [
            layers.dense({ units: 4, inputShape: [3], activation: 'relu', ...m.random }),
            layers.dense({ units: 4, ...m.random }),
          ],
        });
        const given = tfl.input({ shape: [4], name: 'given_inside' });
        const split = [1, 2].map(() =>
          through(
            given,
            layers.dense({ units: 3, ...m.random }),
            m.leaky(),
            layers.dense({ units: 3, ...m.random }),
          ),
        );
        const branches = tfl.model({
          inputs: given,
          outputs: merged(layers.add(m.named), ...split),
          name: 'branches',
        });
        return through(
          x,
          inner,
          layers.dense({ units: 4, ...m.random }),
          branches,
          layers.dense({ units: 3, activation: 'relu', ...m.random }),
          layers.dense({ units: 2, ...m.random }),
        );
      }),
  },
];
