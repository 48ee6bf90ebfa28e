import { startRuntime } from './runtime.js';

/** Outputs `[n]` of a model of two inputs at points `[n, 2]`, in ONNX Runtime. */
export async function runOnnx(model: Uint8Array, points: Float32Array): Promise<Float32Array> {
  const runtime = await startRuntime(model);
  try {
    return (await runtime.run(points, [points.length / 2, 2])).data;
  } finally {
    await runtime.release();
  }
}
