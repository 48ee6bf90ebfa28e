import type { Painted } from '../picture/paint.js';
import type { Progress } from '../picture/snapshot.js';
import type { BackendName, Settings } from '../state/settings.js';

/** From the page, or from the painter. */
export type ToTrainer =
  | { readonly kind: 'painter'; readonly port: MessagePort }
  /** The painter takes another snapshot. */
  | { readonly kind: 'ready' }
  /** New networks, or stored ones, trained for as many steps as the settings say. */
  | { readonly kind: 'start'; readonly settings: Settings }
  /** The same weights under other regions, by another method, or with another target. Answered by `revised`, even if it fails. */
  | { readonly kind: 'revise'; readonly settings: Settings }
  | { readonly kind: 'run'; readonly running: boolean }
  /** So many steps, then a pause. */
  | { readonly kind: 'steps'; readonly count: number }
  /** Whether pictures tell where units change sign. */
  | { readonly kind: 'bends'; readonly wanted: boolean }
  | { readonly kind: 'freeze' };

/** From the page; snapshots come through the port. */
export type ToPainter =
  | { readonly kind: 'trainer'; readonly port: MessagePort }
  | { readonly kind: 'backend'; readonly backend: BackendName }
  /** The page takes another picture. */
  | { readonly kind: 'taken' };

/** What one of the two networks looks like, and how far from affine and from the target it is. */
export interface View extends Painted {
  /** Mean squared error over the points of the picture. */
  readonly loss: number;
  /** Largest deviation from affine on random chords of the regions. */
  readonly residual: number;
}

export interface Frozen {
  readonly onnx: Uint8Array;
  /** The certificate as JSON text. */
  readonly certificate: string;
  /** `y = a·x + b` on each region. */
  readonly maps: readonly { readonly a: readonly number[]; readonly b: number; readonly error: number }[];
  /** Of units from their kinks, by shifts. */
  readonly smallestMargin?: number;
  /** The frozen model's outputs on the picture's grid. */
  readonly values: Float32Array;
}

export interface Picture extends Progress {
  readonly kind: 'picture';
  /** With the constraint, and without. */
  readonly police: View;
  readonly free: View;
}

export type ToPage =
  | { readonly kind: 'revised' }
  | Picture
  | { readonly kind: 'frozen'; readonly frozen: Frozen }
  | { readonly kind: 'error'; readonly message: string };
