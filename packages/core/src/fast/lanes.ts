/** Rows of a block that are multiplied at once: two vectors of two float64. */
export const LANES = 4;

export const FLOAT_BYTES = 8;

/** Bytes of one number of all lanes. */
export const LANE_BYTES: number = FLOAT_BYTES * LANES;
