/** The bytes of a residual network of `[N, 3, 32, 32]` to `[N, 10]`: 6,244 units with ReLU; the same for the same seed. */
export declare function smallResnet(seed?: number): Uint8Array<ArrayBuffer>;
/** The bytes of a network of `[N, 3, 32, 32]` to `[N, 10]` with two max-pools: 24,676 units with ReLU. */
export declare function maxPoolNet(seed?: number): Uint8Array<ArrayBuffer>;
