import {
  certificateOfProof,
  certificateText,
  certify,
  enforce,
  freeze,
  type Network,
  opaqueNetwork,
  PoliceError,
  patchFunction,
  patchProbes,
  type Region,
} from '@police/core';
import { appendPatch, type ImportedModel, readModel, writeBack } from '@police/onnx-import';
import type { OwnModel } from './open.js';

/** A file that keeps the promise, as read again, and the proof. */
export interface Promised {
  readonly bytes: Uint8Array;
  readonly read: ImportedModel;
  readonly certificate: string;
  /** What was done, as a phrase. */
  readonly done: string;
}

/** Shifts biases inside the file. */
export async function shifted({ read }: OwnModel, regions: readonly Region[]): Promise<Promised> {
  if (read instanceof PoliceError) throw read;
  const { network, report } = enforce(read.network, regions);
  const frozen = (net: Network) => freeze(net, regions, { precision: read.precision }).network;
  const { bytes } = writeBack(read, frozen(network), frozen);
  return promised(bytes, regions, `${report.shifted} of ${report.units} units shifted`);
}

/** Puts a patch after the file's output. */
export async function patched(
  { bytes: before, ends, evaluator }: OwnModel,
  regions: readonly Region[],
): Promise<Promised> {
  const probes = patchProbes(regions);
  const values = await evaluator.at({ ...probes.points, data: probes.points.data.map(Math.fround) });
  const { network, regions: found } = patchFunction(
    opaqueNetwork(probes.points.cols, values.cols),
    probes,
    values,
  );
  const { bytes, nodes } = appendPatch(before, network, {
    inputShape: ends.inputShape,
    outputShape: evaluator.outputShape,
  });
  const steepest = Math.max(...found.flatMap(({ steepness }) => Array.from(steepness)));
  return promised(bytes, regions, `${nodes.length} operators added, steepness ${steepest.toPrecision(3)}`);
}

/** What is certified is what was written, read again. */
function promised(bytes: Uint8Array, regions: readonly Region[], done: string): Promised {
  const read = readModel(bytes);
  const proof = certify(read.network, regions);
  if (!proof.certified) throw new Error(`Not proved: unit ${proof.unit} of ${proof.layer} may bend.`);
  return {
    bytes,
    read,
    certificate: [...certificateText(certificateOfProof(read.network, proof, regions, bytes))].join(''),
    done,
  };
}
