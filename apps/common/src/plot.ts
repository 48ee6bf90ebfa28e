import * as Plot from '@observablehq/plot';
import { Resvg } from '@resvg/resvg-js';
import { parseHTML } from 'linkedom';

/** A plot as SVG. */
export function plotSvg(options: Plot.PlotOptions): string {
  const { document } = parseHTML('<html><body></body></html>');
  const plot = Plot.plot({ ...options, document: document as never });
  plot.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return plot.outerHTML;
}

const TEXT =
  '<svg xmlns="http://www.w3.org/2000/svg"><text x="5" y="15" font-family="sans-serif">x</text></svg>';

/** An SVG in pixels, `zoom` for each of its own. Throws where no font is installed, as its text would be missing. */
export function png(svg: string, zoom: number): Uint8Array {
  if (!new Resvg(TEXT).innerBBox()) throw new Error(NO_FONT);
  return new Resvg(svg, { fitTo: { mode: 'zoom', value: zoom } }).render().asPng();
}

const NO_FONT = 'No font was found to draw text with: install one, such as the package fonts-dejavu-core.';
