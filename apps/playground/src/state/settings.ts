/** A point of the plane. */
export type Point = readonly [number, number];

/** Where the network must be affine. */
export type Shape =
  /** The convex hull of three or more points. */
  | { readonly kind: 'polygon'; readonly points: readonly Point[] }
  | { readonly kind: 'disc'; readonly centre: Point; readonly radius: number };

export const TARGETS = ['wave', 'rays', 'spiral', 'moons', 'rings'] as const;
export const ACTIVATIONS = ['leakyRelu', 'relu', 'elu', 'abs'] as const;
export const POLICIES = ['sticky', 'minimal', 'majority'] as const;
export const BACKENDS = ['wasm', 'cpu', 'webgl'] as const;
export const WIDTHS = [8, 16, 32, 64, 128] as const;
export const DEPTHS = [1, 2, 3, 4] as const;
export const RATES = [0.001, 0.003, 0.01, 0.03] as const;

export type Target = (typeof TARGETS)[number];
export type ActivationName = (typeof ACTIVATIONS)[number];
export type PolicyName = (typeof POLICIES)[number];
export type BackendName = (typeof BACKENDS)[number];

/** All that makes a picture: the same settings and the same number of steps give the same one. */
export interface Settings {
  readonly target: Target;
  readonly regions: readonly Shape[];
  readonly activation: ActivationName;
  readonly width: number;
  readonly depth: number;
  readonly policy: PolicyName;
  readonly rate: number;
  readonly backend: BackendName;
  readonly seed: number;
}

/** Half the side of the square that is drawn. */
export const EXTENT = 4;

const TRIANGLE: Shape = {
  kind: 'polygon',
  points: [
    [-1.41, -1.41],
    [1.41, -1.41],
    [0, 2],
  ],
};

export const DEFAULTS: Settings = {
  target: 'wave',
  regions: [TRIANGLE],
  activation: 'leakyRelu',
  width: 64,
  depth: 3,
  policy: 'sticky',
  rate: 0.003,
  backend: 'wasm',
  seed: 1,
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
