// What page.js starts: core, its linear programs and ONNX in a worker.
import { box, chain, dense, matrixFromRows, police, relu } from '@police/core';
import { loadLinearPrograms } from '@police/core/highs';
import { exportOnnx } from '@police/onnx-export';

async function work() {
  const { maximise } = await loadLinearPrograms();
  maximise(matrixFromRows([[1], [-1]]), Float64Array.of(3, 1), matrixFromRows([[1]]));
  const { network, proof } = police(chain(2, [dense([[1, -1]]), relu()]), [box([-1, -1], [1, 1])]);
  exportOnnx(network);
  postMessage(proof.certified ? 'affine' : 'not affine');
}

work().catch(error => postMessage(`${error.code ?? error}`));
