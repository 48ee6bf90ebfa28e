import { PoliceError } from '../../errors.js';

/** Of `count` inequalities that no point satisfies. */
export function emptyPolytope(count: number): PoliceError {
  return new PoliceError({
    code: 'empty-region',
    where: 'hPolytope',
    expected: 'inequalities that some point satisfies',
    actual: `${count} that contradict each other`,
    remedy: 'Check signs: the rows mean A x ≤ b.',
  });
}

export function unboundedPolytope(actual: string): PoliceError {
  return new PoliceError({
    code: 'unbounded-region',
    where: 'hPolytope',
    expected: 'inequalities that bound every direction',
    actual,
    remedy: 'Add bounds, such as those of the data.',
  });
}

/** The direction is given to three digits, its largest entry ±1. */
export function unboundedAlong(ray: readonly number[]): PoliceError {
  const largest = ray.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  const direction = ray.map(x => Number((x / largest).toPrecision(3)));
  return unboundedPolytope(`a region that reaches to infinity along [${direction.join(', ')}]`);
}
