import { onnxSession, runSession } from '@police/common/onnx';
import { matrix } from '@police/core';
import type { Predictor } from './probes.js';

/** The ONNX model's outputs by ONNX Runtime. */
export async function onnxPredictor(bytes: Uint8Array): Promise<Predictor> {
  const session = await onnxSession(bytes);
  return async ({ rows, data }) => {
    const outputs = await runSession(session, Float32Array.from(data), rows);
    return matrix(rows, outputs.length / rows, Float64Array.from(outputs));
  };
}
