import { box, chain, dense, police, relu, type TrainingOptions } from '@police/core';
import { shiftsOf } from '@police/core/adapter';
import { loadLinearPrograms } from '@police/core/highs';
import { exportOnnx } from '@police/onnx-export';
import { readModel, writeBack } from '@police/onnx-import';
import { parse } from '@police/vnnlib';

const { network, maps } = police(chain(2, [dense([[1, -1]]), relu()]), [box([-1, -1], [1, 1])]);
export const bytes: Uint8Array = exportOnnx(network, { regions: [] });
const model = readModel(bytes);
export const written: Uint8Array = writeBack(model, model.network).bytes;
export const offset: number | undefined = maps[0]?.b[0];
export const options: TrainingOptions = { regions: [], epsilon: undefined, policy: undefined };
export const doors: unknown[] = [shiftsOf, loadLinearPrograms, parse];
