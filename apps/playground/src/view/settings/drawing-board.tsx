import { useRef, useState } from 'preact/hooks';
import { BLANK, levelAt } from '../../drawing/drawing.js';
import { brush, clear, paint, past, startStroke, undo } from '../../state/painting.js';
import { type Point, pointAt, stepBy, withinSquare } from '../../state/plane.js';
import { round } from '../../state/region-text.js';
import { settings } from '../../state/store.js';
import { signed } from '../figures.js';
import { TargetPicture } from '../plane/target-picture.js';
import { BrushSettings } from './brush-settings.js';

/** How far an arrow key moves the brush: one cell. */
const STEP = 0.2;

/** Where a target is painted: by pointer, or by the arrow keys and Space. */
export function DrawingBoard() {
  const [at, setAt] = useState<Point>([0, 0]);
  const { drawing } = settings.value;
  const isBlank = drawing.every((level, cell) => level === BLANK[cell]);
  return (
    <div class="board">
      <Easel at={at} onMove={setAt} />
      <p id="brush-place" class="hint" aria-live="polite">
        {isBlank
          ? 'Paint here; it is learnt as you go.'
          : signed(`brush at ${at.map(round).join(', ')}, on ${levelAt(drawing, at)}`)}
      </p>
      <BrushSettings />
      <div class="buttons">
        <button type="button" disabled={past.value.length === 0} onClick={undo}>
          Undo
        </button>
        <button type="button" disabled={isBlank} onClick={clear}>
          Clear
        </button>
      </div>
    </div>
  );
}

interface EaselProps {
  /** Of the brush. */
  readonly at: Point;
  readonly onMove: (to: Point) => void;
}

function Easel({ at, onMove }: EaselProps) {
  const isPainting = useRef(false);
  const press = (event: KeyboardEvent) => {
    const next = stepBy(event.key, at, STEP);
    if (next) {
      if (event.shiftKey) startStroke(at, next);
      onMove(next);
    } else if (event.key === ' ' || event.key === 'Enter') startStroke(at, at);
    else if (event.key === 'z' && (event.ctrlKey || event.metaKey)) undo();
    else return;
    event.preventDefault();
  };
  return (
    <div
      class="easel"
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application is interactive
      tabIndex={0}
      aria-label="Drawing board: arrow keys move the brush, Space paints, Shift and an arrow key paint along"
      aria-describedby="brush-place"
      onKeyDown={press}
      onPointerDown={event => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        const to = pointAt(event.currentTarget, event);
        isPainting.current = true;
        startStroke(to, to);
        onMove(withinSquare(to));
      }}
      onPointerMove={event => {
        const to = withinSquare(pointAt(event.currentTarget, event));
        if (isPainting.current) paint(at, to);
        if (isPainting.current || event.pointerType === 'mouse') onMove(to);
      }}
      onLostPointerCapture={() => {
        isPainting.current = false;
      }}
    >
      <TargetPicture>
        <circle class="brush" cx={at[0]} cy={at[1]} r={brush.value.radius} />
      </TargetPicture>
    </div>
  );
}
