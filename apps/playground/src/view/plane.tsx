import { useEffect, useRef } from 'preact/hooks';
import { contourPath } from '../draw/contour.js';
import { drawHeatMap } from '../draw/heat-map.js';
import { EXTENT } from '../state/plane.js';
import type { Lines, Shape } from '../state/settings.js';
import { settings } from '../state/store.js';
import type { View } from '../training/messages.js';
import { RegionShapes } from './region-shapes.js';

interface PlaneProps {
  readonly title: string;
  /** The network's line in the chart. */
  readonly network?: 'police' | 'free';
  readonly view: Pick<View, 'values' | 'bends'> | undefined;
  readonly regions: readonly Shape[];
  /** Absent where the regions are only shown. */
  readonly onChange?: ((regions: readonly Shape[]) => void) | undefined;
  readonly caption: string;
}

const LEVELS: Readonly<Record<Lines, readonly number[]>> = {
  boundary: [0],
  contours: [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1],
  none: [],
};

/** The outputs over the square as colours, lines of equal ones, and the regions on top. */
export function Plane({ title, network, view, regions, onChange, caption }: PlaneProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current && view) drawHeatMap(canvas.current, view.values, view.bends);
  }, [view]);
  return (
    <figure class="plane">
      <figcaption>
        <strong class={network}>{title}</strong> <span>{caption}</span>
      </figcaption>
      <div class="square">
        <canvas ref={canvas} aria-label={`${title}: outputs over the square`} role="img" />
        <svg viewBox={`${-EXTENT} ${-EXTENT} ${2 * EXTENT} ${2 * EXTENT}`}>
          <title>{title}</title>
          <g transform="scale(1,-1)">
            {view &&
              LEVELS[settings.value.lines].map(level => (
                <path
                  key={level}
                  class={level === 0 ? 'contour zero' : 'contour'}
                  d={contourPath(view.values, level)}
                />
              ))}
            <RegionShapes regions={regions} onChange={onChange} />
          </g>
        </svg>
      </div>
    </figure>
  );
}
