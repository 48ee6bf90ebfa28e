import type { JSX } from 'preact';
import { type Point, pointAt, stepBy, withinSquare } from '../../state/plane.js';
import { round } from '../../state/region-text.js';

interface HandleProps {
  readonly kind: 'vertex' | 'add';
  readonly at: Point;
  /** The size of a pixel of CSS in units of the plane. */
  readonly pixel: number;
  readonly label: string;
  readonly onMove: (to: Point) => void;
  readonly onDelete?: () => void;
  readonly onPress?: () => void;
}

const STEP = 0.1;

/** Pixels: what a finger hits is at least 24 across. */
const REACH = 13;
const DOT = { vertex: 6, add: 4 } as const;

/** Where a handle may be put, in the two decimals of a link. */
export const handlePlace = (point: Point): Point => {
  const [x, y] = withinSquare(point);
  return [round(x), round(y)];
};

/** A point that is dragged, by pointer or by arrow keys. */
export function Handle({ kind, at, pixel, label, onMove, onDelete, onPress }: HandleProps) {
  const drag = (event: JSX.TargetedPointerEvent<SVGGElement>) => {
    const svg = event.currentTarget.ownerSVGElement!;
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    onMove(handlePlace(pointAt(svg, event)));
  };
  const press = (event: JSX.TargetedKeyboardEvent<SVGGElement>) => {
    const next = stepBy(event.key, at, STEP);
    if (next) onMove(handlePlace(next));
    else if ((event.key === 'Delete' || event.key === 'Backspace') && onDelete) onDelete();
    else if ((event.key === 'Enter' || event.key === ' ') && onPress) onPress();
    else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: an SVG has no buttons
    <g
      class={`handle ${kind}`}
      tabindex={0}
      role="button"
      aria-label={label}
      onPointerDown={event => {
        event.preventDefault();
        event.currentTarget.focus();
        if (onPress) onPress();
        else event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={drag}
      onDblClick={() => onDelete?.()}
      onKeyDown={press}
    >
      <circle class="reach" cx={at[0]} cy={at[1]} r={REACH * pixel} />
      <circle class="dot" cx={at[0]} cy={at[1]} r={DOT[kind] * pixel} />
    </g>
  );
}
