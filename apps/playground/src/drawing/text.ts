import { BLANK, type Drawing, LEVELS } from './drawing.js';

/** One for each level, in their order; all stand in a link as they are. */
const LETTERS = 'abcde';

/**
 * A drawing as text for a link: runs of equal cells, each its length (unless 1) and the letter of its level, without the
 * last run if that is blank. At most one character a cell, 1,600; a few strokes take one or two hundred.
 */
export function drawingText(drawing: Drawing): string {
  const letters = Array.from(drawing, level => LETTERS[LEVELS.indexOf(level as 0)]).join('');
  return letters.replace(/(.)\1+/g, (run, letter) => `${run.length}${letter}`).replace(/\d*c$/, '');
}

/** The inverse of {@link drawingText}; undefined for a text that is no drawing. */
export function drawingFrom(text: string): Drawing | undefined {
  if (!/^(\d*[a-e])*$/.test(text)) return undefined;
  const drawing = BLANK.slice();
  let at = 0;
  for (const [, count, letter] of text.matchAll(/(\d*)([a-e])/g)) {
    const end = at + (count === '' ? 1 : Number(count));
    if (end === at || end > drawing.length) return undefined;
    drawing.fill(LEVELS[LETTERS.indexOf(letter)], at, end);
    at = end;
  }
  return drawing;
}
