import type { Network } from '@police/core';
import { onnxGraph } from './graph.js';
import { encodeModel } from './onnx-proto.js';
import { assertMetadata, type ExportOptions, graphNames } from './options.js';
import { withoutUnused } from './prune.js';
import { regionsMetadata } from './regions.js';
import { version } from './version.js';

/**
 * The network as the bytes of an ONNX model (opset 17, IR version 8, float32): one input `[batch, inputSize]`, one
 * output `[batch, outputSize]`, any batch size. Each node becomes the operator of its kind under its own name, after
 * what the kind needs besides: an Add where a shift could not be folded, a Reshape where its input has another shape
 * (the package's README has the table). Nodes that the output does not depend on are left out.
 *
 * Law: the file holds the network's parameters exactly, none is rounded. So what `freeze` proved of the network holds
 * of the file, and a runtime's outputs differ from core's `forward` by the rounding of its float32 arithmetic only.
 *
 * Throws `not-frozen` (a parameter that is no float32 value, or `regions` on which the network is not affine),
 * `unsupported-layer` (a `custom` operator, or one of the two cases in the README),
 * `invalid-option`, or `shape` (a region of another dimension than the input).
 *
 * @example
 * const bytes = exportOnnx(freeze(net, regions).network, { regions });
 */
export function exportOnnx(network: Network, options: ExportOptions = {}): Uint8Array<ArrayBuffer> {
  const { docString, regions, metadata = {} } = options;
  const names = graphNames(options);
  assertMetadata(metadata);
  const used = withoutUnused(network);
  const graph = onnxGraph(used, names);
  return encodeModel({
    producerName: 'police',
    producerVersion: version,
    graph,
    metadata: { ...(regions && regionsMetadata(used, regions)), ...metadata },
    ...(docString === undefined ? {} : { docString }),
  });
}
