import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { drawHeatMap } from '../draw/heat-map.js';
import { CELLS } from '../drawing/drawing.js';
import { EXTENT } from '../state/plane.js';
import { settings } from '../state/store.js';
import { gridOf, targetAt } from '../training/targets.js';
import { RegionShapes } from './region-shapes.js';

const POINTS = gridOf(2 * CELLS);

/** The target over the square as colours, and the regions on top; children are drawn in the plane's coordinates. */
export function TargetPicture({ children }: { readonly children?: ComponentChildren }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { target, drawing, regions } = settings.value;
  useEffect(() => {
    if (canvas.current) drawHeatMap(canvas.current, targetAt({ target, drawing }, POINTS));
  }, [target, drawing]);
  return (
    <div class="square target">
      <canvas ref={canvas} aria-label="The target over the square" role="img" />
      <svg viewBox={`${-EXTENT} ${-EXTENT} ${2 * EXTENT} ${2 * EXTENT}`} aria-hidden="true">
        <g transform="scale(1,-1)">
          <RegionShapes regions={regions} />
          {children}
        </g>
      </svg>
    </div>
  );
}
