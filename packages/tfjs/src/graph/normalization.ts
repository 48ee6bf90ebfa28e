import { PoliceError } from '@police/core';
import * as operators from '@police/core/operators';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerVariable, layers } from '@tensorflow/tfjs-layers';
import type { GraphBuilder } from './builder.js';
import { channelSharing } from './convolution.js';
import type { AffineStep, Layout, Shape } from './node.js';
import { fieldsOf, storedShape, writeFlat } from './values.js';

interface BatchNormFields {
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  /** `[channels]`, as the others; absent with `scale: false`. */
  readonly gamma?: LayerVariable;
  /** Absent with `center: false`. */
  readonly beta?: LayerVariable;
  readonly movingMean: LayerVariable;
  readonly movingVariance: LayerVariable;
}

/**
 * In training the batch's own mean and variance make the affine map that frames and data both pass through, and the
 * moving ones follow; at inference the moving ones make it.
 */
export function readBatchNorm(
  layer: layers.Layer,
  [input]: readonly number[],
  builder: GraphBuilder,
): number {
  const fields = fieldsOf<BatchNormFields>(layer);
  const shape = builder.shapeOf(input);
  const axis = fields.axis < 0 ? fields.axis + shape.length : fields.axis - 1;
  if (axis !== shape.length - 1) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: layer.name,
      expected: 'normalisation along the last axis',
      actual: `axis ${fields.axis}`,
      remedy: 'tfjs itself computes others wrongly on the cpu backend: put the channels last.',
    });
  }
  const sharing = shape.length > 1 ? channelSharing(shape, false) : undefined;
  return builder.add(
    {
      kind: 'affine',
      name: layer.name,
      layer: layer.name,
      shape,
      adoptStatistics: x => adoptStatistics(fields, x),
      storesBias: true,
      ...(fields.beta ? { bias: fields.beta } : {}),
      ...(sharing ? { sharing } : {}),
      step: (x, isTraining) => batchNormStep(fields, isTraining ? x : undefined),
      core: {
        takes: 'any',
        operators: layout => [coreBatchNorm(fields, shape, layout)],
        write: ([operator]) => writeFolded(fields, operator as operators.Scale),
      },
    },
    input,
  );
}

/** `x` is there when its own statistics count. */
function batchNormStep(fields: BatchNormFields, x?: tf.Tensor): AffineStep {
  const { gamma, beta, epsilon, movingMean, movingVariance } = fields;
  let statistics: { mean: tf.Tensor; variance: tf.Tensor };
  if (x) {
    statistics = tf.moments(x, allButLast(x.rank));
    follow(movingMean, statistics.mean, fields.momentum);
    follow(movingVariance, statistics.variance, fields.momentum);
  } else {
    statistics = { mean: movingMean.read(), variance: movingVariance.read() };
  }
  const inverse = tf.rsqrt(tf.add(statistics.variance, epsilon));
  const factor = gamma ? tf.mul(inverse, gamma.read()) : inverse;
  const centre = tf.neg(tf.mul(statistics.mean, factor));
  const offset = beta ? tf.add(centre, beta.read()) : centre;
  return {
    apply: (values, b) => {
      const scaled = tf.mul(values, factor);
      return b ? tf.add(scaled, b) : scaled;
    },
    bias: offset,
  };
}

/** The moving statistics become those of x. */
function adoptStatistics({ movingMean, movingVariance }: BatchNormFields, x: tf.Tensor): void {
  tf.tidy(() => {
    const { mean, variance } = tf.moments(x, allButLast(x.rank));
    movingMean.write(mean);
    movingVariance.write(variance);
  });
}

const allButLast = (rank: number): number[] => Array.from({ length: rank - 1 }, (_, i) => i);

/** The moving average that inference uses. */
function follow(moving: LayerVariable, value: tf.Tensor, momentum: number): void {
  tf.tidy(() => {
    const before = moving.read();
    moving.write(tf.sub(before, tf.mul(tf.sub(before, value), 1 - momentum)));
  });
}

const valuesOf = (variable: LayerVariable): Float32Array => variable.read().dataSync() as Float32Array;

function coreBatchNorm(fields: BatchNormFields, shape: Shape, layout: Layout): operators.Scale {
  const { gamma, beta, epsilon, movingMean, movingVariance } = fields;
  const mean = valuesOf(movingMean);
  const { factor, offset } = operators.batchNorm({
    shape: [mean.length],
    gamma: gamma ? valuesOf(gamma) : new Float32Array(mean.length).fill(1),
    beta: beta ? valuesOf(beta) : new Float32Array(mean.length),
    mean,
    variance: valuesOf(movingVariance),
    epsilon,
  });
  if (shape.length === 1) return operators.scale({ factor: factor!, offset: offset! });
  const { groups } = channelSharing(storedShape(shape, layout), layout === 'channelsFirst');
  return operators.scale({ factor: factor!, offset: offset!, groups });
}

/** As γ and β of a layer whose mean is 0, whose variance is 1 and whose epsilon is 0, which is exact. */
function writeFolded(
  { gamma, beta, movingMean, movingVariance }: BatchNormFields,
  folded: operators.Scale,
): void {
  const count = movingMean.shape[0] as number;
  writeFlat(gamma!, folded.factor!);
  writeFlat(beta!, folded.offset!);
  writeFlat(movingMean, new Float32Array(count));
  writeFlat(movingVariance, new Float32Array(count).fill(1));
}
