/** Name of the l-th layer of weights, from 0, in networks and errors: brain.js counts the input as layer 0. */
export const layerName = (l: number): string => `layer_${l + 1}`;

export const activationName = (l: number): string => `${layerName(l)}_activation`;
