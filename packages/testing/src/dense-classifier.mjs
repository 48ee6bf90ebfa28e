import { OnnxLayers } from './onnx-layers.mjs';

/** The bytes of a chain of dense layers of these sizes with ReLU between, random weights: the same for the same sizes and seed. */
export function denseClassifier([inputs, ...sizes], seed = 1) {
  const layers = new OnnxLayers(seed);
  const classes = sizes.pop();
  let [x, from] = ['x', inputs];
  for (const [i, size] of sizes.entries()) {
    x = layers.activated('Relu', layers.dense(`dense${i + 1}`, x, from, size));
    from = size;
  }
  layers.dense('scores', x, from, classes, 1);
  return layers.model('classifier', { x: [inputs] }, { scores: [classes] });
}
