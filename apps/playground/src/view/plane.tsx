import { useEffect, useRef } from 'preact/hooks';
import { contourPath } from '../draw/contour.js';
import { drawHeatMap } from '../draw/heat-map.js';
import { EXTENT, type Shape } from '../state/settings.js';
import type { View } from '../training/messages.js';
import { RegionShapes } from './region-shapes.js';

interface PlaneProps {
  readonly title: string;
  readonly view: Pick<View, 'values' | 'bends'> | undefined;
  readonly regions: readonly Shape[];
  /** Absent where the regions are only shown. */
  readonly onChange?: ((regions: readonly Shape[]) => void) | undefined;
  readonly caption: string;
}

/** The outputs over the square as colours, their zero line, and the regions on top. */
export function Plane({ title, view, regions, onChange, caption }: PlaneProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current && view) drawHeatMap(canvas.current, view.values, view.bends);
  }, [view]);
  return (
    <figure class="plane">
      <figcaption>
        <strong>{title}</strong> <span>{caption}</span>
      </figcaption>
      <div class="square">
        <canvas ref={canvas} aria-label={`${title}: outputs over the square`} role="img" />
        <svg viewBox={`${-EXTENT} ${-EXTENT} ${2 * EXTENT} ${2 * EXTENT}`}>
          <title>{title}</title>
          <g transform="scale(1,-1)">
            {view && <path class="contour" d={contourPath(view.values, 0)} />}
            <RegionShapes regions={regions} onChange={onChange} />
          </g>
        </svg>
      </div>
    </figure>
  );
}
