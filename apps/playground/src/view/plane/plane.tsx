import { useEffect, useRef } from 'preact/hooks';
import { drawPicture } from '../../draw/picture.js';
import { contourLevels, type Scale } from '../../draw/scale.js';
import type { Pixels } from '../../picture/line-mask.js';
import { EXTENT } from '../../state/plane.js';
import type { Lines, Shape } from '../../state/settings.js';
import { settings } from '../../state/store.js';
import { RegionShapes } from './region-shapes.js';
import { useWidth } from './use-width.js';

interface PlaneProps {
  readonly title: string;
  /** The network's line in the chart. */
  readonly network?: 'police' | 'free';
  readonly view: { readonly values: Float32Array; readonly bends?: Pixels } | undefined;
  readonly scale: Scale;
  readonly regions: readonly Shape[];
  /** Absent where the regions are only shown. */
  readonly onChange?: ((regions: readonly Shape[]) => void) | undefined;
  readonly caption: string;
}

/** One contour for so many pixels of CSS, and never more than twenty. */
const PIXELS_APART = 20;

const levelsOf: Readonly<Record<Lines, (scale: Scale, width: number) => readonly number[]>> = {
  boundary: () => [0],
  contours: (scale, width) => contourLevels(scale, Math.max(6, Math.min(20, width / PIXELS_APART))),
  none: () => [],
};

/** More pixels than two for one of CSS are not seen. */
const MOST_PIXELS = 2;

/** The outputs over the square as colours, lines of equal ones, and the regions on top. */
export function Plane({ title, network, view, scale, regions, onChange, caption }: PlaneProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [square, width] = useWidth<HTMLDivElement>();
  const { lines } = settings.value;
  const { lo, hi } = scale;
  useEffect(() => {
    if (!canvas.current || !view || width === 0) return;
    const size = Math.round(width * Math.min(MOST_PIXELS, devicePixelRatio));
    if (canvas.current.width !== size) Object.assign(canvas.current, { width: size, height: size });
    drawPicture(canvas.current, { ...view, scale: { lo, hi }, levels: levelsOf[lines]({ lo, hi }, width) });
  }, [view, width, lines, lo, hi]);
  return (
    <figure class="plane">
      <figcaption>
        <strong class={network}>{title}</strong> <span>{caption}</span>
      </figcaption>
      <div class="square" ref={square}>
        <canvas ref={canvas} aria-label={`${title}: outputs over the square`} role="img" />
        <svg viewBox={`${-EXTENT} ${-EXTENT} ${2 * EXTENT} ${2 * EXTENT}`}>
          <title>{title}</title>
          <g transform="scale(1,-1)">
            <RegionShapes
              regions={regions}
              onChange={onChange}
              pixel={width > 0 ? (2 * EXTENT) / width : 0}
            />
          </g>
        </svg>
      </div>
    </figure>
  );
}
