import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { drawPicture } from '../../draw/picture.js';
import { symmetricScale } from '../../draw/scale.js';
import { CELLS } from '../../drawing/drawing.js';
import { EXTENT } from '../../state/plane.js';
import { settings } from '../../state/store.js';
import { gridOf, targetAt } from '../../training/targets.js';
import { RegionShapes } from './region-shapes.js';

/** The colours of what a brush paints. */
const OF_LEVELS = { lo: -1, hi: 1 };

const POINTS = gridOf(2 * CELLS);

/** The target over the square as colours, and the regions on top; children are drawn in the plane's coordinates. */
export function TargetPicture({ children }: { readonly children?: ComponentChildren }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { target, drawing, regions } = settings.value;
  useEffect(() => {
    const values = targetAt({ target, drawing }, POINTS);
    drawPicture(canvas.current!, {
      values,
      scale: target === 'drawing' ? OF_LEVELS : symmetricScale(values),
      levels: [],
    });
  }, [target, drawing]);
  return (
    <div class="square target">
      <canvas
        ref={canvas}
        width={2 * CELLS}
        height={2 * CELLS}
        aria-label="The target over the square"
        role="img"
      />
      <svg viewBox={`${-EXTENT} ${-EXTENT} ${2 * EXTENT} ${2 * EXTENT}`} aria-hidden="true">
        <g transform="scale(1,-1)">
          <RegionShapes regions={regions} pixel={0} />
          {children}
        </g>
      </svg>
    </div>
  );
}
