/**
 * Regions as plain data; `regionFromJSON(region.toJSON())` is the same region. `schema/region.schema.json` describes it
 * for other programs.
 */
export type RegionJSON =
  | { kind: 'simplex'; vertices: number[][] }
  | { kind: 'vPolytope'; vertices: number[][]; slack?: number[] }
  | { kind: 'hPolytope'; A: number[][]; b: number[] }
  | { kind: 'box'; lower: number[]; upper: number[] }
  | { kind: 'box'; centre: number[]; radii: number[] }
  | { kind: 'ball'; centre: number[]; radius: number }
  | { kind: 'crossPolytope'; centre: number[]; radius: number }
  | { kind: 'ellipsoid'; centre: number[]; axes: number[][] }
  | { kind: 'ellipsoid'; centre: number[]; shape: number[][] }
  | { kind: 'zonotope'; centre: number[]; generators: number[][] }
  /** {A x + offset}: `matrix` by rows, or the diagonal of a diagonal one. */
  | { kind: 'image'; region: RegionJSON; matrix: number[][] | number[]; offset: number[] }
  /** {origin + Σ uᵢ basisᵢ}. */
  | { kind: 'subspace'; region: RegionJSON; origin: number[]; basis: number[][] }
  | { kind: 'scaled'; region: RegionJSON; factor: number };
