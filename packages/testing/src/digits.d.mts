export interface Digit {
  /** `[196]` in [0, 1], 14 × 14. */
  readonly input: number[];
  /** `[10]`, 1 at the digit. */
  readonly output: number[];
  readonly digit: number;
}

type Scores = (input: number[]) => number[];

export declare function loadDigits(perDigit: number, rng: () => number): Promise<Digit[]>;
export declare function accuracy(samples: readonly Digit[], scoresOf: Scores): number;
export declare function meanSquare(samples: readonly Digit[], scoresOf: Scores): number;
