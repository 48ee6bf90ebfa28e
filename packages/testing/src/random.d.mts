/** Uniform numbers in [0, 1), the same for the same seed. */
export declare function seededRng(seed: number): () => number;

/** Likewise, with 32 random bits. */
export declare function mulberry32(seed: number): () => number;

/** Brings the items into a random order, in place. */
export declare function shuffle<T>(items: T[] | (Uint32Array & { [i: number]: T }), rng: () => number): void;
