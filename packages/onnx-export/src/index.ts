export { exportOnnx } from './export.js';
export {
  type GraphPart,
  graphPart,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
  type PartOptions,
  type PartTensor,
} from './graph-part.js';
export type { ExportOptions } from './options.js';
