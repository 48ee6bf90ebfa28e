/** The bytes of a chain of dense layers `[inputs, …, classes]` with ReLU between, random weights. */
export declare function denseClassifier(sizes: readonly number[], seed?: number): Uint8Array<ArrayBuffer>;
