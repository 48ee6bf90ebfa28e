import type { Scale } from './scale.js';

/** A colour as [red, green, blue], 0 to 255. */
type Colour = readonly [number, number, number];

/** From the least to the largest; equally readable in both themes and with any colour vision. */
const STOPS: readonly Colour[] = [
  [33, 82, 148],
  [118, 172, 212],
  [240, 238, 232],
  [236, 164, 104],
  [178, 72, 24],
];

const SHADES = 256;

/** Red, green, blue of each shade. */
const TABLE = Uint8ClampedArray.from({ length: 3 * SHADES }, (_, at) => {
  const place = (Math.floor(at / 3) / (SHADES - 1)) * (STOPS.length - 1);
  const i = Math.min(STOPS.length - 2, Math.floor(place));
  const k = at % 3;
  return STOPS[i][k] + (place - i) * (STOPS[i + 1][k] - STOPS[i][k]);
});

/** The stops as a CSS gradient from left to right. */
export const GRADIENT = `linear-gradient(to right, ${STOPS.map(([r, g, b]) => `rgb(${r}, ${g}, ${b})`).join(', ')})`;

/** Values `[side²]`, row by row from the top, as pixels, one each. */
export function heatMap(values: Float32Array, { lo, hi }: Scale): ImageData {
  const side = Math.sqrt(values.length);
  const image = new ImageData(side, side);
  const factor = (SHADES - 1) / (hi - lo);
  for (let i = 0; i < values.length; i++) {
    const shade = 3 * Math.max(0, Math.min(SHADES - 1, Math.round((values[i] - lo) * factor)));
    image.data[4 * i] = TABLE[shade];
    image.data[4 * i + 1] = TABLE[shade + 1];
    image.data[4 * i + 2] = TABLE[shade + 2];
    image.data[4 * i + 3] = 255;
  }
  return image;
}
