import { BLANK, type Drawing } from '../drawing/drawing.js';
import type { Point } from './plane.js';

/** Where the network must be affine. */
export type Shape =
  /** The convex hull of three or more points. */
  | { readonly kind: 'polygon'; readonly points: readonly Point[] }
  | { readonly kind: 'disc'; readonly centre: Point; readonly radius: number };

export const TARGETS = [
  'pendulum',
  'switching',
  'landscape',
  'wave',
  'rays',
  'spiral',
  'moons',
  'rings',
  'drawing',
] as const;
export const ACTIVATIONS = ['leakyRelu', 'relu', 'elu', 'abs'] as const;
/** How the promise is kept: biases are shifted, or the outputs are held between cones around an affine map. */
export const METHODS = ['shift', 'patch'] as const;
/** Of a patch: by how much an output may differ from the map per radius of the region. */
export const STEEPNESSES = [0.5, 1, 2, 3, 5, 8, 12, 20, 50] as const;
export const POLICIES = ['sticky', 'minimal', 'majority'] as const;
export const MODES = ['shift', 'project'] as const;
export const GRADIENTS = ['exact', 'local'] as const;
export const BACKENDS = ['wasm', 'cpu', 'webgl'] as const;
export const WIDTHS = [8, 16, 32, 64, 128] as const;
export const DEPTHS = [1, 2, 3, 4] as const;
export const RATES = [0.001, 0.003, 0.01, 0.03] as const;
/** Which lines of equal output are drawn: that of 0, which parts two classes, several, or none. */
export const LINES = ['boundary', 'contours', 'none'] as const;
/** A link trains at most so many steps when it is opened; that is under a minute or two. */
export const MOST_STEPS = 10_000;

/** The presets, whose networks are stored trained; see `presets`. */
export const STARTS = ['new', 'prior', 'box', 'control', 'image'] as const;

export type Start = (typeof STARTS)[number];
export type Target = (typeof TARGETS)[number];
export type ActivationName = (typeof ACTIVATIONS)[number];
export type Method = (typeof METHODS)[number];
export type PolicyName = (typeof POLICIES)[number];
export type Mode = (typeof MODES)[number];
export type Gradient = (typeof GRADIENTS)[number];
export type Lines = (typeof LINES)[number];
export type BackendName = (typeof BACKENDS)[number];

/** All that makes a picture: the same settings give the same one. */
export interface Settings {
  readonly target: Target;
  /** What target `drawing` is; kept while another is chosen. */
  readonly drawing: Drawing;
  readonly regions: readonly Shape[];
  readonly method: Method;
  /** Method `patch` only. */
  readonly steepness: number;
  readonly activation: ActivationName;
  readonly width: number;
  readonly depth: number;
  /** This and the next two: method `shift` only. */
  readonly policy: PolicyName;
  readonly mode: Mode;
  /** In mode `shift` only. */
  readonly gradient: Gradient;
  readonly rate: number;
  readonly backend: BackendName;
  readonly seed: number;
  /** What training starts from: new networks of the seed, or those that were trained for a preset. */
  readonly start: Start;
  /** How long it has been trained since then, when last paused. */
  readonly steps: number;
  readonly lines: Lines;
  /** Whether units that change sign are shown. */
  readonly bends: boolean;
}

export const TRIANGLE: Shape = {
  kind: 'polygon',
  points: [
    [-1.41, -1.41],
    [1.41, -1.41],
    [0, 2],
  ],
};

export const DEFAULTS: Settings = {
  target: 'wave',
  drawing: BLANK,
  regions: [TRIANGLE],
  method: 'shift',
  steepness: 5,
  activation: 'leakyRelu',
  width: 64,
  depth: 3,
  policy: 'sticky',
  mode: 'shift',
  gradient: 'exact',
  rate: 0.003,
  backend: 'wasm',
  seed: 1,
  start: 'new',
  steps: 0,
  lines: 'contours',
  bends: false,
};

/** A further region where there is room: a square of side 1.6. */
export function squareAt([x, y]: Point): Shape {
  const r = 0.8;
  return {
    kind: 'polygon',
    points: [
      [x - r, y - r],
      [x + r, y - r],
      [x + r, y + r],
      [x - r, y + r],
    ],
  };
}
