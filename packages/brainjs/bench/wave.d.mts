import type { Region } from '@police/core';
import type { NeuralNetwork } from 'brain.js';

export declare const triangle: Region;
export declare function wave(x: number, y: number): number;
export declare function waveData(side: number): { input: [number, number]; output: [number] }[];
export declare function initialize(
  net: Pick<NeuralNetwork<number[], number[]>, 'weights' | 'biases' | 'outputLayer'>,
  seed: number,
): void;
export declare function shuffled<T>(data: readonly T[], seed: number): T[];
