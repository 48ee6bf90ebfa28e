/** An inverted residual block. */
export interface Block {
  readonly kernel: number;
  /** Channels of the depthwise convolution, and those after the block. */
  readonly expanded: number;
  readonly out: number;
  readonly activation: 'Relu6' | 'HardSwish';
  readonly stride: number;
}

export interface Layout {
  /** Of pictures 3 × size × size. */
  readonly size: number;
  /** Channels of the first convolution, the last one and the hidden dense layer. */
  readonly stem: number;
  readonly last: number;
  readonly hidden: number;
  readonly classes: number;
  readonly blocks: readonly Block[];
}

export declare const LARGE: Layout;
export declare const SMALL: Layout;

/** The bytes of a classifier of `[N, 3, size, size]` to `[N, classes]`; the same for the same layout and seed. */
export declare function mobilenet(layout: Layout, seed?: number): Uint8Array<ArrayBuffer>;
