import type { Settings } from '../state/settings.js';

/** Points along each side of a picture. */
export const SIDE = 80;

/** To the worker. */
export type Request =
  /** New networks, trained for as many steps as the settings say. */
  | { readonly kind: 'start'; readonly settings: Settings }
  /** The same weights under other regions, or with another target. Answered by `revised`, even if it fails. */
  | { readonly kind: 'revise'; readonly settings: Settings }
  | { readonly kind: 'run'; readonly running: boolean }
  /** So many steps, then a pause. */
  | { readonly kind: 'steps'; readonly count: number }
  /** Whether pictures tell where units change sign. */
  | { readonly kind: 'bends'; readonly wanted: boolean }
  | { readonly kind: 'freeze' }
  | { readonly kind: 'read'; readonly bytes: Uint8Array; readonly settings: Settings };

/** What one of the two networks looks like. */
export interface View {
  /** Outputs `[SIDE²]`, row by row from the top. */
  readonly values: Float32Array;
  /** Mean squared error over the whole grid; absent for a model that was only read. */
  readonly loss?: number;
  /** Largest deviation from affine on random chords of the regions. */
  readonly residual: number;
  /** How many units change sign between neighbouring points, `[SIDE²]`; only when asked for. */
  readonly bends?: Uint8Array;
}

export interface Frozen {
  readonly onnx: Uint8Array;
  /** The certificate as JSON text. */
  readonly certificate: string;
  /** `y = a·x + b` on each region. */
  readonly maps: readonly { readonly a: readonly number[]; readonly b: number; readonly error: number }[];
  readonly smallestMargin: number;
  /** The frozen model's outputs on the picture's grid. */
  readonly values: Float32Array;
}

/** From the worker. */
export type Reply =
  | { readonly kind: 'revised' }
  | {
      readonly kind: 'picture';
      readonly steps: number;
      readonly running: boolean;
      /** With the constraint, and without. */
      readonly police: View;
      readonly free: View;
      readonly unitsShifted: number;
      readonly units: number;
      /** Share of the constrained steps' time that the constraint took. */
      readonly share: number;
      readonly stepsPerSecond: number;
    }
  | { readonly kind: 'frozen'; readonly frozen: Frozen }
  | {
      readonly kind: 'model';
      readonly before: View;
      readonly after: View;
      readonly unitsShifted: number;
      readonly units: number;
    }
  | { readonly kind: 'error'; readonly message: string };
