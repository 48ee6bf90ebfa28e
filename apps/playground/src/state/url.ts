import { drawingFrom, drawingText } from '../drawing/text.js';
import { strangerTo } from '../presets/presets.js';
import { regionsFrom, regionsText } from './region-text.js';
import {
  ACTIVATIONS,
  BACKENDS,
  DEFAULTS,
  DEPTHS,
  GRADIENTS,
  LINES,
  METHODS,
  MODES,
  MOST_STEPS,
  POLICIES,
  RATES,
  type Settings,
  STARTS,
  STEEPNESSES,
  TARGETS,
  WIDTHS,
} from './settings.js';

/** Settings from a link, and what of it could not be read. */
export interface Decoded {
  readonly settings: Settings;
  readonly problems: readonly string[];
}

/** One setting in a link. */
interface Field<T> {
  readonly write: (value: T) => string;
  /** Undefined where the text is no such setting. */
  readonly read: (text: string) => T | undefined;
  /** What the text must be, to end a sentence. */
  readonly expected: string;
}

const oneOf = <T extends string | number | boolean>(allowed: readonly T[]): Field<T> => ({
  write: value => `${value}`,
  read: text => allowed.find(value => `${value}` === text),
  expected: `one of ${allowed.join(', ')}`,
});

const wholeNumber = (most: number): Field<number> => ({
  write: value => `${Math.min(value, most)}`,
  read: text => (/^\d+$/.test(text) && Number(text) <= most ? Number(text) : undefined),
  expected: `a whole number from 0 to ${most}`,
});

const FIELDS: { readonly [K in keyof Settings]: Field<Settings[K]> } = {
  target: oneOf(TARGETS),
  drawing: { write: drawingText, read: drawingFrom, expected: 'a drawing of this page' },
  regions: {
    write: regionsText,
    read: regionsFrom,
    expected: 'polygons of three points or more and discs, inside the square',
  },
  method: oneOf(METHODS),
  steepness: oneOf<number>(STEEPNESSES),
  activation: oneOf(ACTIVATIONS),
  width: oneOf<number>(WIDTHS),
  depth: oneOf<number>(DEPTHS),
  policy: oneOf(POLICIES),
  mode: oneOf(MODES),
  gradient: oneOf(GRADIENTS),
  rate: oneOf<number>(RATES),
  backend: oneOf(BACKENDS),
  seed: wholeNumber(Number.MAX_SAFE_INTEGER),
  start: oneOf(STARTS),
  steps: wholeNumber(MOST_STEPS),
  lines: oneOf(LINES),
  bends: oneOf([false, true]),
};

const KEYS = Object.keys(FIELDS) as (keyof Settings)[];

/** Of all defaults: an empty one opens the first preset. */
const ALL_DEFAULTS = `start=${DEFAULTS.start}`;

/** The fragment of a link, without `#`: only what differs from the defaults; coordinates with two decimals. */
export function encode(settings: Settings): string {
  const parts = new URLSearchParams();
  for (const key of KEYS) {
    const text = textOf(key, settings);
    if (text !== textOf(key, DEFAULTS)) parts.set(key, text);
  }
  return parts.toString() || ALL_DEFAULTS;
}

const textOf = <K extends keyof Settings>(key: K, settings: Settings): string =>
  FIELDS[key].write(settings[key]);

/** The inverse of {@link encode}; what makes no sense is left at its default and told. */
export function decode(fragment: string): Decoded {
  const parts = new URLSearchParams(fragment.replace(/^#/, ''));
  const problems: string[] = [];
  const found = KEYS.map(key => {
    const text = parts.get(key);
    if (text === null) return [key, DEFAULTS[key]];
    const value = FIELDS[key].read(text);
    if (value === undefined) problems.push(`${key}: “${shortened(text)}” is not ${FIELDS[key].expected}`);
    return [key, value ?? DEFAULTS[key]];
  });
  const settings = Object.fromEntries(found) as Settings;
  const stranger = settings.start === 'new' ? undefined : strangerTo(settings.start, settings);
  if (stranger === undefined) return { settings, problems };
  problems.push(`start: the stored networks have another ${stranger}`);
  return { settings: { ...settings, start: 'new' }, problems };
}

const shortened = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)} …` : text);

export const isSeed = (seed: number): boolean => Number.isSafeInteger(seed) && seed >= 0;
