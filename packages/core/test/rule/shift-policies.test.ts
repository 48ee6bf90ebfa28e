import {
  type Activation,
  box,
  type Matrix,
  majority,
  matrix,
  type Policy,
  type Region,
  relu,
  relu6,
  type StraddlingUnit,
  simplex,
  vPolytope,
} from '@police/core';
import { shiftsOf } from '@police/core/adapter';
import { describe, expect, test } from 'vitest';

/** The functional x ↦ x₀ + offset as one unit's frame values. */
const firstCoordinate = ({ frame }: Region, offset: number): Matrix =>
  matrix(
    frame.rows,
    1,
    Float64Array.from({ length: frame.rows }, (_, i) => frame.data[i * frame.cols] + (i === 0 ? offset : 0)),
  );

function shiftOf(region: Region, offset: number, policy: Policy, activation: Activation = relu()): number {
  return shiftsOf([region], [firstCoordinate(region, offset)], activation, policy).shift[0];
}

describe('policy majority', () => {
  const triangle = simplex([
    [-1, 0],
    [3, 0],
    [3, 1],
  ]);
  const square = vPolytope([
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ]);

  test('goes to the side of more vertices, however far that is', () => {
    expect(shiftOf(triangle, -2.5, 'majority')).toBe(3.5);
    expect(shiftOf(triangle, -2.5, 'minimal')).toBe(-0.5);
    expect(
      shiftOf(
        simplex([
          [1, 0],
          [-3, 0],
          [-3, 1],
        ]),
        2.5,
        'majority',
      ),
    ).toBe(-3.5);
  });

  test('a tie goes up, or to the centre’s side of a symmetric region', () => {
    const tied = vPolytope([
      [-1, 0],
      [2, 0],
      [2, 1],
      [-1, 3],
    ]);
    expect(tied.symmetric).toBe(false);
    expect(shiftOf(tied, -1.5, 'majority')).toBe(2.5);
    expect(shiftOf(square, 0.25, 'majority')).toBe(0.75);
    expect(shiftOf(square, -0.25, 'majority')).toBe(-0.75);
    expect(shiftOf(square, 0, 'majority')).toBe(1);
    expect(shiftOf(box([-1, -1], [1, 1]), 0, 'majority')).toBe(1);
  });

  test('counts no vertex on the kink', () => {
    // Two vertices on it, one below, none above: touching is not straddling, so nothing moves.
    expect(shiftOf(triangle, -3, 'majority')).toBe(0);
    // One below, one above, one on it: a tie.
    expect(
      shiftOf(
        simplex([
          [-1, 0],
          [0, 1],
          [5, 0],
        ]),
        0,
        'majority',
      ),
    ).toBe(1);
  });

  test('is what the vote alone says', () => {
    const unit = { unit: 0, region: 0, kink: 0, lo: -9, hi: 1 };
    expect(majority({ ...unit, votes: 0.1, centre: -4, symmetric: true })).toBe(1);
    expect(majority({ ...unit, votes: -0.1, centre: 4, symmetric: false })).toBe(-1);
    expect(majority({ ...unit, votes: 0, centre: -4, symmetric: true })).toBe(-1);
    expect(majority({ ...unit, votes: 0, centre: -4, symmetric: false })).toBe(1);
  });
});

describe('policy sticky', () => {
  const side = (region: Region, offset: number, previous: number) => {
    const { shift, sides } = shiftsOf(
      [region],
      [firstCoordinate(region, offset)],
      relu(),
      'sticky',
      Int8Array.of(previous),
    );
    return [shift[0], sides[0]];
  };
  const interval = box([-1], [1]);

  test('keeps the side while the unit straddles, adopts the other when it lies wholly there', () => {
    expect(side(interval, 0.5, -1)).toEqual([-1.5, -1]);
    expect(side(interval, 0.5, 1)).toEqual([0.5, 1]);
    expect(side(interval, 1.5, -1)).toEqual([0, 1]);
    expect(side(interval, -1.5, 1)).toEqual([0, -1]);
  });

  test('starts as minimal, and falls back to it where sides contradict', () => {
    expect(side(interval, 0.5, 0)).toEqual([0.5, 1]);
    expect(side(interval, -0.5, 0)).toEqual([-0.5, -1]);
    // Above 0 on the left interval and below it on the right one cannot be had; both below is nearest.
    const regions = [box([-2], [1]), box([-1], [0.5])];
    const frames = regions.map(region => firstCoordinate(region, 0));
    const { shift, sides } = shiftsOf(regions, frames, relu(), 'sticky', Int8Array.of(1, -1));
    expect(Array.from(shift)).toEqual([-1]);
    expect(Array.from(sides)).toEqual([-1, -1]);
  });
});

test('a policy function sees the unit it decides on', () => {
  const seen: StraddlingUnit[] = [];
  const triangle = simplex([
    [-1, 0],
    [8, 0],
    [8, 1],
  ]);
  const policy: Policy = unit => {
    seen.push(unit);
    return -1;
  };
  expect(shiftOf(triangle, 0, policy, relu6())).toBe(-8);
  const common = { unit: 0, region: 0, lo: -1, hi: 8, symmetric: false };
  const votes = (2 - 1) / 3;
  expect(seen).toEqual([
    { ...common, kink: 0, votes: expect.closeTo(votes, 12), centre: expect.closeTo(5, 12) },
    { ...common, kink: 1, votes: expect.closeTo(votes, 12), centre: expect.closeTo(-1, 12) },
  ]);
});
