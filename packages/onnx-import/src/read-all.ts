import type { ReadOptions } from './ends.js';
import { EVERY_FAMILY } from './operators/families.js';
import { type ImportedModel, readModel as readLean } from './read-model.js';

/**
 * Reads an ONNX model, of all operators that are listed in the README. Batches: the network is what the model does with one sample. An
 * open first axis of the input has size 1 then, all other sizes must be known, and whatever the sizes are, all entries of the input are
 * the network's input; so models with a batch axis, without one, or that flatten or transpose it need no rule of their own.
 *
 * Several outputs are joined. Of several inputs all but one are held at constants.
 *
 * A patch is known by its structure, `Max(Min(value, Add(centre, radius)), Sub(centre, radius))`, and read as a clamp. Where its value
 * cannot be read, and nothing else needs what cannot, it is left {@link ImportedModel.unread}.
 *
 * Throws `invalid-network` (no ONNX model, contradictions, circles, data in other files, far too large),
 * `unsupported-layer` (an operator, an attribute or a version that is not read, named with its node), `not-finite` or
 * `shape`.
 *
 * @example
 * const model = readModel(bytes);
 * const { network } = freeze(enforce(model.network, regions).network, regions);
 * const { bytes: policed, edits } = writeBack(model, network);
 */
export function readModel(
  bytes: Uint8Array,
  { operators = EVERY_FAMILY, ...options }: ReadOptions = {},
): ImportedModel {
  return readLean(bytes, { ...options, operators });
}
