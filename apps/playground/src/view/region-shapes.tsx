import type { JSX } from 'preact';
import { convexHull } from '../state/hull.js';
import { EXTENT, type Point, pointAt, stepBy, withinSquare } from '../state/plane.js';
import { round } from '../state/region-text.js';
import type { Shape } from '../state/settings.js';

interface RegionShapesProps {
  readonly regions: readonly Shape[];
  readonly onChange?: ((regions: readonly Shape[]) => void) | undefined;
}

/** Outlines, and handles to move, add and delete: by pointer, or by Tab, the arrow keys, Enter and Delete. */
export function RegionShapes({ regions, onChange }: RegionShapesProps) {
  return (
    <>
      {regions.map((shape, r) => {
        const replace = (next: Shape | undefined) =>
          onChange?.(regions.flatMap((old, i) => (i === r ? (next ? [next] : []) : [old])));
        return shape.kind === 'disc' ? (
          <Disc key={r} shape={shape} name={`Region ${r + 1}`} replace={onChange && replace} />
        ) : (
          <Polygon key={r} shape={shape} name={`Region ${r + 1}`} replace={onChange && replace} />
        );
      })}
    </>
  );
}

interface ShapeProps<S extends Shape> {
  readonly shape: S;
  readonly name: string;
  readonly replace: ((next: Shape | undefined) => void) | undefined;
}

function Polygon({ shape, name, replace }: ShapeProps<Extract<Shape, { kind: 'polygon' }>>) {
  const { points } = shape;
  const hull = convexHull(points);
  const withPoints = (next: readonly Point[]) => replace?.({ ...shape, points: next });
  return (
    <>
      <polygon class="region" points={hull.map(point => point.join(',')).join(' ')} />
      {replace &&
        hull.map((point, i) => {
          const next = hull[(i + 1) % hull.length];
          const middle: Point = [(point[0] + next[0]) / 2, (point[1] + next[1]) / 2];
          return (
            <Handle
              key={`edge ${middle}`}
              kind="add"
              at={middle}
              label={`${name}: add a vertex at ${middle.map(round).join(', ')}`}
              onMove={to => withPoints([...points, to])}
              onPress={() => withPoints([...points, pushedOut(middle, hull)])}
            />
          );
        })}
      {replace &&
        points.map((point, i) => (
          <Handle
            key={i}
            kind="vertex"
            at={point}
            label={`${name}, vertex ${i + 1} at ${point.map(round).join(', ')}: arrow keys move it, Delete removes it`}
            onMove={to => withPoints(points.map((old, k) => (k === i ? to : old)))}
            onDelete={() =>
              points.length > 3 ? withPoints(points.filter((_, k) => k !== i)) : replace(undefined)
            }
          />
        ))}
    </>
  );
}

/** A little away from the middle of the hull, so that a new vertex is one. */
function pushedOut([x, y]: Point, hull: readonly Point[]): Point {
  const centre = hull.reduce(([cx, cy], [px, py]) => [cx + px / hull.length, cy + py / hull.length], [0, 0]);
  return clamped([x + 0.3 * (x - centre[0]), y + 0.3 * (y - centre[1])]);
}

function Disc({ shape, name, replace }: ShapeProps<Extract<Shape, { kind: 'disc' }>>) {
  const { centre, radius } = shape;
  const rim: Point = [Math.min(EXTENT, centre[0] + radius), centre[1]];
  return (
    <>
      <circle class="region" cx={centre[0]} cy={centre[1]} r={radius} />
      {replace && (
        <>
          <Handle
            kind="vertex"
            at={centre}
            label={`${name}, a disc at ${centre.map(round).join(', ')}: arrow keys move it, Delete removes it`}
            onMove={to => replace({ ...shape, centre: to })}
            onDelete={() => replace(undefined)}
          />
          <Handle
            kind="vertex"
            at={rim}
            label={`${name}, radius ${round(radius)}: arrow keys change it`}
            onMove={to => {
              const next = Math.hypot(to[0] - centre[0], to[1] - centre[1]);
              replace({ ...shape, radius: Math.min(EXTENT, Math.max(0.1, round(next))) });
            }}
          />
        </>
      )}
    </>
  );
}

interface HandleProps {
  readonly kind: 'vertex' | 'add';
  readonly at: Point;
  readonly label: string;
  readonly onMove: (to: Point) => void;
  readonly onDelete?: () => void;
  readonly onPress?: () => void;
}

const STEP = 0.1;

const clamped = (point: Point): Point => {
  const [x, y] = withinSquare(point);
  return [round(x), round(y)];
};

function Handle({ kind, at, label, onMove, onDelete, onPress }: HandleProps) {
  const drag = (event: JSX.TargetedPointerEvent<SVGGElement>) => {
    const svg = event.currentTarget.ownerSVGElement!;
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    onMove(clamped(pointAt(svg, event)));
  };
  const press = (event: JSX.TargetedKeyboardEvent<SVGGElement>) => {
    const next = stepBy(event.key, at, STEP);
    if (next) onMove(clamped(next));
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
      <circle class="reach" cx={at[0]} cy={at[1]} r={0.36} />
      <circle class="dot" cx={at[0]} cy={at[1]} r={kind === 'vertex' ? 0.13 : 0.08} />
    </g>
  );
}
