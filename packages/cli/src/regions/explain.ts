import { type Matrix, type Region, rowOf } from '@police/core';
import { measure, type RegionMeasure } from '@police/core/adapter';
import { shortNumber } from '../report.js';

/** What there is to know of a region without a model. */
export interface RegionFacts {
  readonly kind: string;
  readonly coordinates: number;
  /** Of the affine hull; absent, like what follows, where finding out would take long. */
  readonly dimension?: number;
  /** Of as many dimensions; null where only its logarithm is a float64. */
  readonly volume?: number | null;
  readonly log10Volume?: number;
  /** null of what is round. */
  readonly facets?: number | null;
  readonly vertices?: number | null;
  /** Least and largest value of any coordinate, and the narrowest and widest coordinate. */
  readonly values: readonly [number, number];
  readonly widths: readonly [number, number];
  /** Of --data, the samples inside, from 0. */
  readonly holds?: readonly number[];
}

export function factsOf(region: Region, samples?: Matrix): RegionFacts {
  const { lo, hi } = region.range(region.frame);
  const widths = hi.map((x, i) => x - lo[i]);
  const measured = measure(region);
  return {
    kind: region.kind,
    coordinates: region.size,
    ...sizesOf(measured),
    values: [least(lo), -least(hi.map(x => -x))],
    widths: [least(widths), -least(widths.map(x => -x))],
    ...(samples ? { holds: held(region, samples) } : {}),
  };
}

const least = (values: Float64Array): number =>
  values.reduce((min, x) => Math.min(min, x), Number.POSITIVE_INFINITY);

function sizesOf({ dimension, logVolume, facets, vertices }: RegionMeasure): Partial<RegionFacts> {
  const finite = (count: number) => (Number.isFinite(count) ? count : null);
  const volume = Math.exp(logVolume ?? 0);
  return {
    ...(dimension === undefined ? {} : { dimension }),
    ...(logVolume === undefined
      ? {}
      : { volume: volume > 0 ? finite(volume) : null, log10Volume: logVolume / Math.LN10 }),
    ...(facets === undefined ? {} : { facets: finite(facets) }),
    ...(vertices === undefined ? {} : { vertices: finite(vertices) }),
  };
}

function held(region: Region, samples: Matrix): number[] {
  return Array.from({ length: samples.rows }, (_, i) => i).filter(i => region.contains(rowOf(samples, i)));
}

/** Samples named one by one; of more their number is told. */
const MOST_NAMED = 10;

export function factLines(facts: RegionFacts, samples?: number): string[] {
  const { kind, coordinates, dimension, volume, log10Volume, values, widths, holds } = facts;
  const flat = dimension !== undefined && dimension < coordinates ? ', flat' : '';
  return [
    `${kind}: ${dimension ?? 'some'} dimensions in ${coordinates} coordinates${flat}`,
    ...(log10Volume === undefined
      ? []
      : [
          `  volume    ${volume ? shortNumber(volume) : `10^${log10Volume.toFixed(1)}`}, in its own dimensions`,
        ]),
    `  facets    ${countOf(facts.facets)}, vertices ${countOf(facts.vertices)}`,
    `  values    from ${shortNumber(values[0])} to ${shortNumber(values[1])}, each coordinate over ${
      widths[0] === widths[1]
        ? shortNumber(widths[0])
        : `${shortNumber(widths[0])} to ${shortNumber(widths[1])}`
    }`,
    ...(holds
      ? [
          `  holds     ${holds.length} of ${samples} samples${
            holds.length === 0
              ? ''
              : `: ${holds.slice(0, MOST_NAMED).join(', ')}${holds.length > MOST_NAMED ? ', …' : ''}`
          }`,
        ]
      : []),
  ];
}

function countOf(count: number | null | undefined): string {
  if (count === undefined) return 'not counted';
  if (count === null) return 'without number';
  return count < 1e9 ? `${count}` : shortNumber(count);
}
