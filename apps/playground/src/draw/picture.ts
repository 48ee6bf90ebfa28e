import type { Pixels } from '../picture/line-mask.js';
import { eachSegment } from '../picture/segments.js';
import { heatMap } from './heat-map.js';
import type { Scale } from './scale.js';

/** What a canvas shows of a function on the square. */
export interface PictureParts {
  /** `[side²]`, row by row from the top. */
  readonly values: Float32Array;
  readonly scale: Scale;
  /** Values at which lines of equal value are drawn. */
  readonly levels: readonly number[];
  /** A layer of thin lines over the colours. */
  readonly bends?: Pixels | undefined;
}

/** Draws at the canvas's own size, which is that of its pixels on the screen. */
export function drawPicture(canvas: HTMLCanvasElement, { values, scale, levels, bends }: PictureParts): void {
  const context = canvas.getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  stretch(context, heatMap(values, scale));
  if (bends) {
    const size = Math.sqrt(bends.length / 4);
    stretch(context, new ImageData(bends, size, size));
  }
  for (const level of levels) drawContour(context, values, level);
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

function drawContour(context: CanvasRenderingContext2D, values: Float32Array, level: number): void {
  const side = Math.sqrt(values.length);
  const pixels = context.canvas.width / side;
  const place = (t: number) => (t + 0.5) * pixels;
  context.beginPath();
  eachSegment(values, side, level, (x1, y1, x2, y2) => {
    context.moveTo(place(x1), place(y1));
    context.lineTo(place(x2), place(y2));
  });
  context.strokeStyle = `rgba(32, 32, 32, ${level === 0 ? 0.75 : 0.5})`;
  context.lineWidth = Math.max(1, (context.canvas.width / 400) * (level === 0 ? 2 : 1));
  context.lineCap = 'round';
  context.stroke();
}
