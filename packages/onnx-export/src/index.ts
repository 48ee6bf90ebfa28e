export { exportOnnx } from './export.js';
export type { ExportOptions } from './options.js';
