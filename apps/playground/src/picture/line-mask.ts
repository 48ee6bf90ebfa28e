/** Red, green, blue, alpha of `[size²]` pixels, row by row. */
export type Pixels = Uint8ClampedArray<ArrayBuffer>;

/** Of a line where it is alone; where several cross it is darker. */
const STRENGTH = 0.5;

/** Thin dark lines on nothing, drawn into pixels: tens of thousands in a few milliseconds, where a canvas takes many times as long. */
export class LineMask {
  readonly pixels: Pixels;

  constructor(readonly size: number) {
    this.pixels = new Uint8ClampedArray(4 * size * size);
  }

  /** From a point to another, in pixels, smoothed across its direction (Wu, 1991). */
  line(x1: number, y1: number, x2: number, y2: number): void {
    if (Math.abs(y2 - y1) > Math.abs(x2 - x1)) this.along(y1, x1, y2, x2, true);
    else this.along(x1, y1, x2, y2, false);
  }

  private along(u1: number, v1: number, u2: number, v2: number, isSteep: boolean): void {
    const from = Math.min(u1, u2);
    const to = Math.max(u1, u2);
    const slope = u1 === u2 ? 0 : (v2 - v1) / (u2 - u1);
    // Pixels whose middle lies in [from, to): what the next segment begins with is its own.
    for (let u = Math.ceil(from - 0.5); u + 0.5 < to; u++) {
      const across = v1 + slope * (u + 0.5 - u1) - 0.5;
      const nearest = Math.floor(across);
      const share = across - nearest;
      this.darken(u, nearest, 1 - share, isSteep);
      this.darken(u, nearest + 1, share, isSteep);
    }
  }

  private darken(u: number, v: number, share: number, isSteep: boolean): void {
    if (u < 0 || v < 0 || u >= this.size || v >= this.size) return;
    const at = 4 * (isSteep ? u * this.size + v : v * this.size + u) + 3;
    this.pixels[at] += (255 - this.pixels[at]) * STRENGTH * share;
  }
}
