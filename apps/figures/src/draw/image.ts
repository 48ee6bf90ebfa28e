import { Resvg } from '@resvg/resvg-js';
import { element } from './svg.js';

/** Colours `[side · side, 3]` in [−1, 1], row by row from the least y, as an image of `size` × `size` pixels. */
export function image(colours: Float32Array, side: number, size: number): string {
  const rects = Array.from({ length: side * side }, (_, i) => {
    const fill = `rgb(${[0, 1, 2].map(k => channel(colours[3 * i + k])).join(',')})`;
    return element('rect', { x: i % side, y: side - 1 - Math.floor(i / side), width: 1, height: 1, fill });
  });
  const pixels = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width: side,
      height: side,
      'shape-rendering': 'crispEdges',
    },
    ...rects,
  );
  const href = `data:image/png;base64,${Buffer.from(new Resvg(pixels).render().asPng()).toString('base64')}`;
  return element('image', { href, width: size, height: size });
}

const channel = (value: number): number => Math.round(Math.min(1, Math.max(0, (value + 1) / 2)) * 255);
