import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stroke } from '../src/drawing/brush.js';
import { BLANK, CELLS, centreOf, type Drawing, LEVELS, levelAt } from '../src/drawing/drawing.js';
import { drawingFrom, drawingText } from '../src/drawing/text.js';
import { EXTENT } from '../src/state/plane.js';
import { drawing } from './drawings.js';

const coordinate = fc.double({ min: -EXTENT, max: EXTENT, noNaN: true });
const point = fc.tuple(coordinate, coordinate);
const brush = fc.record({
  level: fc.constantFrom(...LEVELS),
  radius: fc.double({ min: 0.01, max: 3, noNaN: true }),
});
const cells = Array.from(BLANK.keys());

describe('a drawing as text', () => {
  test('is that drawing', () => {
    fc.assert(
      fc.property(drawing, given => {
        expect(drawingFrom(drawingText(given))).toEqual(given);
      }),
    );
  });

  test('takes one character a cell at most, and none if blank', () => {
    fc.assert(
      fc.property(drawing, given => {
        expect(drawingText(given).length).toBeLessThanOrEqual(CELLS ** 2);
      }),
    );
    const restless = BLANK.map((_, cell) => LEVELS[cell % 2]);
    expect(drawingText(restless)).toHaveLength(CELLS ** 2);
    expect(drawingText(BLANK)).toBe('');
  });

  test('stands in a link as it is', () => {
    fc.assert(
      fc.property(drawing, given => {
        const text = drawingText(given);
        expect(encodeURIComponent(text)).toBe(text);
      }),
    );
  });

  test('whatever it is, is a drawing or refused', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'0129abcdef'), maxLength: 60 }));
    fc.assert(
      fc.property(text, given => {
        const found = drawingFrom(given);
        fc.pre(found !== undefined);
        expect(found).toHaveLength(CELLS ** 2);
        expect(found.every(level => LEVELS.includes(level as 0))).toBe(true);
        expect(drawingFrom(drawingText(found))).toEqual(found);
      }),
    );
  });

  test.each(['f', '1', 'a1', '-1a', '1.5a', '0a', '1601a', '1600ab', '9'.repeat(400), `${'9'.repeat(400)}a`])(
    '%s is refused',
    text => expect(drawingFrom(text)).toBeUndefined(),
  );
});

describe('a stroke', () => {
  /** The least distance to many points of the segment, and how far that may be above the true one. */
  const nearest = (cell: number, from: readonly number[], to: readonly number[]) => {
    const [x, y] = centreOf(cell);
    const parts = 64;
    const distances = Array.from({ length: parts + 1 }, (_, i) =>
      Math.hypot(
        x - from[0] - (i / parts) * (to[0] - from[0]),
        y - from[1] - (i / parts) * (to[1] - from[1]),
      ),
    );
    return { least: Math.min(...distances), slack: Math.hypot(to[0] - from[0], to[1] - from[1]) / parts };
  };

  test('paints what is within a radius of its segment, and nothing else', () => {
    fc.assert(
      fc.property(drawing, point, point, brush, (before, from, to, brush) => {
        const after = stroke(before, from, to, brush);
        for (const cell of cells) {
          const { least, slack } = nearest(cell, from, to);
          if (least <= brush.radius) expect(after[cell]).toBe(brush.level);
          else if (least > brush.radius + slack) expect(after[cell]).toBe(before[cell]);
          else expect([before[cell], brush.level]).toContain(after[cell]);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('leaves the drawing it was given as it was', () => {
    fc.assert(
      fc.property(drawing, point, brush, (given, at, brush) => {
        const before = given.slice();
        stroke(given, at, at, brush);
        expect(given).toEqual(before);
      }),
    );
  });

  test('painted twice is the same', () => {
    fc.assert(
      fc.property(drawing, point, point, brush, (given, from, to, brush) => {
        const once = stroke(given, from, to, brush);
        expect(stroke(once, from, to, brush)).toEqual(once);
      }),
    );
  });

  test('is erased by level 0', () => {
    fc.assert(
      fc.property(point, point, brush, (from, to, brush) => {
        const painted = stroke(BLANK, from, to, brush);
        expect(stroke(painted, from, to, { ...brush, level: 0 })).toEqual(BLANK);
      }),
    );
  });
});

describe('the level at a point', () => {
  test('in the middle of a cell is the cell’s', () => {
    fc.assert(
      fc.property(drawing, (given: Drawing) => {
        for (const cell of cells) expect(levelAt(given, centreOf(cell))).toBe(given[cell]);
      }),
    );
  });

  test('beyond the square is that of its nearest cell', () => {
    const corner = stroke(BLANK, [EXTENT, EXTENT], [EXTENT, EXTENT], { level: 1, radius: 0.4 });
    expect(levelAt(corner, [EXTENT, EXTENT])).toBe(1);
    expect(levelAt(corner, [9, 9])).toBe(1);
    expect(levelAt(corner, [9, -9])).toBe(0);
  });
});
