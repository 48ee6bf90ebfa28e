import { EXTENT, type Point } from '@police/common/plane';

export { EXTENT, type Point };

/** The point of the square that is nearest. */
export const withinSquare = ([x, y]: Point): Point => {
  const limit = (t: number) => Math.max(-EXTENT, Math.min(EXTENT, t));
  return [limit(x), limit(y)];
};

/** A point of an element that shows the whole square, from where it lies on the screen and is touched, in pixels. */
export function pointAt(element: Element, { clientX, clientY }: MouseEvent): Point {
  const { left, top, width, height } = element.getBoundingClientRect();
  return [((clientX - left) / width) * 2 * EXTENT - EXTENT, EXTENT - ((clientY - top) / height) * 2 * EXTENT];
}

const DIRECTIONS: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** Where an arrow key leads, `step` units on; undefined for any other key. */
export function stepBy(key: string, [x, y]: Point, step: number): Point | undefined {
  const direction = DIRECTIONS[key];
  return direction && withinSquare([x + step * direction[0], y + step * direction[1]]);
}
