import type { Pixels } from '../picture/line-mask.js';
import { eachContour } from '../picture/segments.js';
import { heatMap } from './heat-map.js';
import type { Scale } from './scale.js';

/** What a canvas shows of a function on the square. */
export interface PictureParts {
  /** `[side²]`, row by row from the top. */
  readonly values: Float32Array;
  readonly scale: Scale;
  /** Values at which lines of equal value are drawn, ascending. */
  readonly levels: readonly number[];
  /** A layer of thin lines over the colours. */
  readonly bends?: Pixels | undefined;
}

/** Draws at the canvas's own size, which is that of its pixels on the screen. */
export function drawPicture(canvas: HTMLCanvasElement, { values, scale, levels, bends }: PictureParts): void {
  const context = canvas.getContext('2d')!;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = 'high';
  stretch(context, heatMap(values, scale));
  if (bends) {
    const size = Math.sqrt(bends.length / 4);
    stretch(context, new ImageData(bends, size, size));
  }
  drawContours(context, values, levels);
}

/** Canvases that are drawn from, by size. */
const sheets = new Map<number, CanvasRenderingContext2D>();

function stretch(context: CanvasRenderingContext2D, image: ImageData): void {
  const { canvas } = context;
  const sheet = sheets.get(image.width) ?? document.createElement('canvas').getContext('2d')!;
  sheets.set(image.width, sheet);
  if (sheet.canvas.width !== image.width)
    Object.assign(sheet.canvas, { width: image.width, height: image.height });
  sheet.putImageData(image, 0, 0);
  context.drawImage(sheet.canvas, 0, 0, canvas.width, canvas.height);
}

function drawContours(
  context: CanvasRenderingContext2D,
  values: Float32Array,
  levels: readonly number[],
): void {
  const side = Math.sqrt(values.length);
  const pixels = context.canvas.width / side;
  const place = (t: number) => (t + 0.5) * pixels;
  const [zero, others] = [new Path2D(), new Path2D()];
  eachContour(values, side, levels, (level, x1, y1, x2, y2) => {
    const path = levels[level] === 0 ? zero : others;
    path.moveTo(place(x1), place(y1));
    path.lineTo(place(x2), place(y2));
  });
  context.lineCap = 'round';
  for (const [path, strength, width] of [
    [others, 0.5, 1],
    [zero, 0.75, 2],
  ] as const) {
    context.strokeStyle = `rgba(32, 32, 32, ${strength})`;
    context.lineWidth = Math.max(1, (context.canvas.width / 400) * width);
    context.stroke(path);
  }
}
