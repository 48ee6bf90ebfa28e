import { convexHull } from '../../state/hull.js';
import { EXTENT, type Point } from '../../state/plane.js';
import { round } from '../../state/region-text.js';
import type { Shape } from '../../state/settings.js';
import { Handle, handlePlace } from './handle.js';

interface RegionShapesProps {
  readonly regions: readonly Shape[];
  readonly onChange?: ((regions: readonly Shape[]) => void) | undefined;
  /** The size of a pixel of CSS in units of the plane. */
  readonly pixel: number;
}

/** Outlines, and handles to move, add and delete: by pointer, or by Tab, the arrow keys, Enter and Delete. */
export function RegionShapes({ regions, onChange, pixel }: RegionShapesProps) {
  return (
    <>
      {regions.map((shape, r) => {
        const replace = (next: Shape | undefined) =>
          onChange?.(regions.flatMap((old, i) => (i === r ? (next ? [next] : []) : [old])));
        return shape.kind === 'disc' ? (
          <Disc key={r} shape={shape} name={`Region ${r + 1}`} pixel={pixel} replace={onChange && replace} />
        ) : (
          <Polygon
            key={r}
            shape={shape}
            name={`Region ${r + 1}`}
            pixel={pixel}
            replace={onChange && replace}
          />
        );
      })}
    </>
  );
}

interface ShapeProps<S extends Shape> {
  readonly shape: S;
  readonly name: string;
  readonly pixel: number;
  readonly replace: ((next: Shape | undefined) => void) | undefined;
}

function Polygon({ shape, name, pixel, replace }: ShapeProps<Extract<Shape, { kind: 'polygon' }>>) {
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
              pixel={pixel}
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
            pixel={pixel}
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
  return handlePlace([x + 0.3 * (x - centre[0]), y + 0.3 * (y - centre[1])]);
}

function Disc({ shape, name, pixel, replace }: ShapeProps<Extract<Shape, { kind: 'disc' }>>) {
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
            pixel={pixel}
            label={`${name}, a disc at ${centre.map(round).join(', ')}: arrow keys move it, Delete removes it`}
            onMove={to => replace({ ...shape, centre: to })}
            onDelete={() => replace(undefined)}
          />
          <Handle
            kind="vertex"
            at={rim}
            pixel={pixel}
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
