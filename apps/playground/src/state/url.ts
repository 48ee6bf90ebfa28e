import {
  ACTIVATIONS,
  BACKENDS,
  DEFAULTS,
  DEPTHS,
  EXTENT,
  POLICIES,
  type Point,
  RATES,
  type Settings,
  type Shape,
  TARGETS,
  WIDTHS,
} from './settings.js';

/** Settings from a link, and what of it could not be read. */
export interface Decoded {
  readonly settings: Settings;
  readonly problems: readonly string[];
}

/** The fragment of a link, without `#`: only what differs from the defaults; coordinates with two decimals. */
export function encode(settings: Settings): string {
  const parts = new URLSearchParams();
  for (const key of Object.keys(DEFAULTS) as (keyof Settings)[]) {
    const text = key === 'regions' ? regionsText(settings.regions) : `${settings[key]}`;
    const usual = key === 'regions' ? regionsText(DEFAULTS.regions) : `${DEFAULTS[key]}`;
    if (text !== usual) parts.set(key, text);
  }
  return parts.toString();
}

/** The inverse of {@link encode}; what makes no sense is left at its default and told. */
export function decode(fragment: string): Decoded {
  const parts = new URLSearchParams(fragment.replace(/^#/, ''));
  const problems: string[] = [];
  const choice = <T extends string | number>(key: keyof Settings, allowed: readonly T[], usual: T): T => {
    const text = parts.get(key);
    if (text === null) return usual;
    const found = allowed.find(value => `${value}` === text);
    if (found === undefined) problems.push(`${key}: “${text}” is none of ${allowed.join(', ')}`);
    return found ?? usual;
  };
  const seed = Number(parts.get('seed') ?? DEFAULTS.seed);
  if (!isSeed(seed)) problems.push(`seed: “${parts.get('seed')}” is no whole number from 0`);
  const settings: Settings = {
    target: choice('target', TARGETS, DEFAULTS.target),
    regions: regionsFrom(parts.get('regions'), problems),
    activation: choice('activation', ACTIVATIONS, DEFAULTS.activation),
    width: choice('width', WIDTHS, DEFAULTS.width as (typeof WIDTHS)[number]),
    depth: choice('depth', DEPTHS, DEFAULTS.depth as (typeof DEPTHS)[number]),
    policy: choice('policy', POLICIES, DEFAULTS.policy),
    rate: choice('rate', RATES, DEFAULTS.rate as (typeof RATES)[number]),
    backend: choice('backend', BACKENDS, DEFAULTS.backend),
    seed: isSeed(seed) ? seed : DEFAULTS.seed,
  };
  return { settings, problems };
}

export const isSeed = (seed: number): boolean => Number.isSafeInteger(seed) && seed >= 0;

/** `x,y;x,y;x,y` for a polygon, `o;x,y;radius` for a disc; regions are apart by `!`. */
const regionsText = (regions: readonly Shape[]): string =>
  regions
    .map(shape =>
      shape.kind === 'disc'
        ? `o;${pointText(shape.centre)};${round(shape.radius)}`
        : shape.points.map(pointText).join(';'),
    )
    .join('!');

const pointText = ([x, y]: Point): string => `${round(x)},${round(y)}`;

export const round = (x: number): number => Math.round(x * 100) / 100 || 0;

function regionsFrom(text: string | null, problems: string[]): readonly Shape[] {
  if (text === null) return DEFAULTS.regions;
  if (text === '') return [];
  const shapes = text.split('!').map(shapeFrom);
  const bad = shapes.indexOf(undefined);
  if (bad < 0) return shapes as Shape[];
  problems.push(`regions: “${text.split('!')[bad]}” is no polygon of three points and no disc`);
  return DEFAULTS.regions;
}

function shapeFrom(text: string): Shape | undefined {
  const [first, ...rest] = text.split(';');
  if (first === 'o') {
    const [centre, radius] = [pointFrom(rest[0] ?? ''), Number(rest[1])];
    if (!centre || rest.length !== 2 || !(radius > 0 && radius <= EXTENT)) return undefined;
    return { kind: 'disc', centre, radius };
  }
  const points = [first, ...rest].map(pointFrom);
  if (points.length < 3 || points.includes(undefined)) return undefined;
  return { kind: 'polygon', points: points as Point[] };
}

function pointFrom(text: string): Point | undefined {
  const numbers = text.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part)));
  if (numbers.length !== 2 || !numbers.every(x => Math.abs(x) <= EXTENT)) return undefined;
  return numbers as unknown as Point;
}
