import type { Shape } from './shapes.js';

/** Of `operators.averagePool`: the window, as in ONNX. */
export interface AveragePoolOptions {
  /** `[C, H, W]` or `[C, L]`. */
  readonly shape: Shape;
  /** `[kH, kW]` or `[k]`. */
  readonly kernel: readonly number[];
  /** @defaultValue 1 each */
  readonly strides?: readonly number[];
  /**
   * `[top, left, bottom, right]` or `[begin, end]`, as ONNX `pads`.
   * @defaultValue 0 each
   */
  readonly padding?: readonly number[];
  /** @defaultValue 1 each */
  readonly dilations?: readonly number[];
  /**
   * Whether padding counts in the divisor; what `ceilMode` adds beyond it never does.
   * @defaultValue false
   */
  readonly countIncludePad?: boolean;
  /**
   * Whether a last window may reach beyond the padding; one that would start in the end padding is left out.
   * @defaultValue false
   */
  readonly ceilMode?: boolean;
}
