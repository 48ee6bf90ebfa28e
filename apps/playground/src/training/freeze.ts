import { outputsOf } from '@police/common/tfjs';
import { certificateOfProof, certify, type Matrix, type Region, rowOf } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { freeze } from '@police/tfjs';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { Frozen } from './messages.js';

/** A constrained model of one output as a plain one: its values at points `[n, 2]`, its file, and the proof about it. */
export function freezeModel(
  constrained: tfl.LayersModel,
  regions: readonly Region[],
  points: Matrix,
): Frozen {
  const { model, network } = freeze(constrained);
  const values = Float32Array.from(outputsOf(model, points).data);
  model.dispose();
  const onnx = exportOnnx(network, { regions });
  const proof = certify(network, regions);
  if (!proof.certified) throw new Error(`Not certified: unit ${proof.unit} of ${proof.layer}.`);
  const isPatched = network.nodes.some(({ kind }) => kind === 'clamp');
  return {
    onnx,
    certificate: JSON.stringify(certificateOfProof(network, proof, regions, onnx), null, 2),
    maps: proof.regions.map(({ map: { A, b }, mapError }) => ({
      a: Array.from(rowOf(A, 0)),
      b: b[0],
      error: mapError[0],
    })),
    ...(isPatched
      ? {}
      : { smallestMargin: Math.min(...proof.layers.map(({ smallestMargin }) => smallestMargin)) }),
    values,
  };
}
