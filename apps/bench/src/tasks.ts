/** A planar regression task of the paper's Fig. 2 on a grid, with the region where the network must be affine. */
export interface PlanarTask {
  readonly name: string;
  /** `[n][2]`. */
  readonly points: readonly (readonly [number, number])[];
  /** `[n]`, mean 0, largest absolute value 1. */
  readonly target: readonly number[];
  readonly vertices: readonly (readonly [number, number])[];
}

/** Half the side of the square domain, as in the paper. */
const DOMAIN = 4;

/** The triangle of the paper's Fig. 2. */
const TRIANGLE = [
  [-Math.SQRT2, -Math.SQRT2],
  [0, 2],
  [Math.SQRT2, -Math.SQRT2],
] as const;

const functions = {
  wave: (x: number, y: number) => Math.cos(3 * x) * Math.cos(y),
  rays: (x: number, y: number) => Math.cos(6 * Math.atan2(y, x)),
} as const;

export const taskNames = Object.keys(functions) as (keyof typeof functions)[];

/** The task on a `side` × `side` grid over [−4, 4]². */
export function planarTask(name: keyof typeof functions, side: number): PlanarTask {
  const ticks = Array.from({ length: side }, (_, i) => -DOMAIN + (2 * DOMAIN * i) / (side - 1));
  const points = ticks.flatMap(y => ticks.map(x => [x, y] as const));
  const raw = points.map(([x, y]) => functions[name](x, y));
  const mean = raw.reduce((sum, value) => sum + value, 0) / raw.length;
  const largest = Math.max(...raw.map(value => Math.abs(value - mean)));
  return { name, points, target: raw.map(value => (value - mean) / largest), vertices: TRIANGLE };
}
