/** A colour as [red, green, blue], 0 to 255. */
type Colour = readonly [number, number, number];

/** From −1 over 0 to 1; equally readable in both themes and with any colour vision. */
const STOPS: readonly Colour[] = [
  [33, 82, 148],
  [118, 172, 212],
  [240, 238, 232],
  [236, 164, 104],
  [178, 72, 24],
];

function colourOf(value: number): Colour {
  const at = (Math.max(-1, Math.min(1, value)) + 1) * ((STOPS.length - 1) / 2);
  const i = Math.min(STOPS.length - 2, Math.floor(at));
  const share = at - i;
  const mix = (k: 0 | 1 | 2) => STOPS[i][k] + share * (STOPS[i + 1][k] - STOPS[i][k]);
  return [mix(0), mix(1), mix(2)];
}

/** Values `[side²]`, row by row from the top, one pixel each; darker where units change sign, if told where. */
export function drawHeatMap(canvas: HTMLCanvasElement, values: Float32Array, bends?: Uint8Array): void {
  const side = Math.sqrt(values.length);
  canvas.width = side;
  canvas.height = side;
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(side, side);
  values.forEach((value, i) => {
    const shade = bends && bends[i] > 0 ? Math.max(0.35, 1 - 0.25 * bends[i]) : 1;
    colourOf(value).forEach((channel, k) => {
      image.data[4 * i + k] = shade * channel;
    });
    image.data[4 * i + 3] = 255;
  });
  context.putImageData(image, 0, 0);
}
