import { basename, extname } from 'node:path';
import { PoliceError } from '@police/core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Norm } from './around.js';
import { isIntervals } from './intervals.js';

/** How one region, or several, are said on the command line, in the order given. */
export type RegionSource = RegionWords & {
  /** The box that regions are cut to, as said. */
  readonly clip?: string;
};

type RegionWords =
  /** A file of region JSON or a VNN-LIB property; `-` is standard input. */
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'inline'; readonly json: string }
  /** Intervals as said, or the files of the lower and the upper bounds. */
  | { readonly kind: 'box'; readonly bounds: string | readonly [string, string] }
  /** A region of one radius around each sample of a file. */
  | { readonly kind: 'around'; readonly path: string; readonly radius: number; readonly norm: Norm }
  /** The hull of a file's samples. */
  | { readonly kind: 'hull'; readonly path: string };

/** Options of every command that takes regions. */
export interface RegionOptions {
  readonly region: readonly RegionSource[];
}

/** What those options are called in code. */
export const REGION_OPTIONS = ['region', 'box', 'around', 'radius', 'norm', 'hull', 'clip'] as const;

type Said = Exclude<RegionWords, { kind: 'around' }> | { readonly kind: 'around'; readonly path: string };

export const REGION_WORDS = `
Regions, each option as often as wanted:
  -r box.json            region JSON, an array of regions, or a VNN-LIB property
  -r '{"kind": …}'       region JSON itself
  --box -1..1            the same bounds for every coordinate; --box 0..1,-2..2 one by one
  --box lo.npy hi.npy    bounds from files
  --around x.npy --radius 0.05 [--norm inf|2|1]    a box, ball or cross-polytope around each sample
  --hull x.npy           the convex hull of samples
  --clip 0..1            cuts boxes to these bounds; others must lie within`;

/**
 * Adds the options that say regions; the action finds them, put together and in order, as `region`. Where there is none, and the
 * other options make it `isRequired`, that is refused.
 */
export function withRegionOptions(
  command: Command,
  isRequired: (options: object) => boolean = () => true,
): Command {
  const said: Said[] = [];
  const take = (words: (value: string) => Said) => (value: string) => {
    said.push(words(value));
    return value;
  };
  return command
    .option('-r, --region <file>', 'region JSON (a file, or itself) or a VNN-LIB property', take(regionWords))
    .option('--box <bounds>', 'lower..upper, or the files of lower and upper bounds', take(boxWords))
    .option(
      '--around <samples>',
      'a region around each sample (.npy or CSV), of --radius in --norm',
      take(path => ({ kind: 'around', path })),
    )
    .option('--radius <r>', 'of --around', radiusOf)
    .addOption(
      new Option('--norm <p>', 'of --around: inf a box (the default), 2 a ball, 1 a cross-polytope').choices([
        'inf',
        '2',
        '1',
      ]),
    )
    .option(
      '--hull <samples>',
      'the convex hull of samples (.npy or CSV)',
      take(path => ({ kind: 'hull', path })),
    )
    .option('--clip <bounds>', 'lower..upper: what boxes are cut to, such as 0..1 for images')
    .hook('preAction', () => {
      const options = command.opts();
      command.setOptionValue('region', sourcesOf(said, options, isRequired(options)));
    });
}

/** `--box lower.npy upper.npy` as one value, which is what an option has; what follows intervals is left alone. */
export function withBoxPairs(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    joined.push(args[i]);
    const [lower, upper] = args.slice(i + 1, i + 3);
    if (args[i] !== '--box' || upper === undefined || isIntervals(lower) || /^-./.test(upper)) continue;
    joined.push(JSON.stringify([lower, upper]));
    i += 2;
  }
  return joined;
}

/** The files that a source names. */
export function filesOf(source: RegionSource): readonly string[] {
  if (source.kind === 'inline') return [];
  if (source.kind === 'box') return typeof source.bounds === 'string' ? [] : source.bounds;
  return [source.path];
}

/** What a source says besides the names of files, which may change while what is in them stays. */
export function wordsOf(source: RegionSource): object {
  const { kind, clip } = source;
  if (kind === 'inline') return { kind, clip, json: source.json };
  if (kind === 'box')
    return { kind, clip, ...(typeof source.bounds === 'string' ? { bounds: source.bounds } : {}) };
  return kind === 'around' ? { kind, clip, radius: source.radius, norm: source.norm } : { kind, clip };
}

/** As the command line says it. */
export function asSaid(source: RegionSource): string {
  const { clip } = source;
  return `${wordsAsSaid(source)}${clip === undefined ? '' : ` --clip ${clip}`}`;
}

function wordsAsSaid(source: RegionWords): string {
  switch (source.kind) {
    case 'file':
      return source.path;
    case 'inline':
      return source.json;
    case 'box':
      return `--box ${typeof source.bounds === 'string' ? source.bounds : source.bounds.join(' ')}`;
    case 'around':
      return `--around ${source.path} --radius ${source.radius} --norm ${source.norm}`;
    case 'hull':
      return `--hull ${source.path}`;
  }
}

/** A name for files made of a source: its file's, or its option's with what it says. */
export function stemOf(source: RegionSource): string {
  if (source.kind === 'inline') return 'region';
  const names = filesOf(source).map(path => basename(path, extname(path)));
  if (source.kind === 'file') return names[0];
  const words = source.kind === 'box' && typeof source.bounds === 'string' ? [source.bounds] : [];
  const radius = source.kind === 'around' ? [`${source.radius}`] : [];
  return [source.kind, ...names, ...words, ...radius].join('-');
}

/** A region file, or region JSON itself. */
export function regionWords(value: string): Extract<RegionWords, { kind: 'file' | 'inline' }> {
  return /^\s*[{[]/.test(value) ? { kind: 'inline', json: value } : { kind: 'file', path: value };
}

function boxWords(value: string): Said {
  if (isIntervals(value)) return { kind: 'box', bounds: value };
  if (value.startsWith('["')) return { kind: 'box', bounds: JSON.parse(value) as [string, string] };
  throw new InvalidArgumentError(
    'Expected lower..upper, such as -1..1 or 0..1,-2..2, or two files: --box lower.npy upper.npy.',
  );
}

function radiusOf(text: string, before?: number): number {
  const value = Number(text);
  if (before !== undefined)
    throw new InvalidArgumentError('Expected one radius; say regions of others in a file.');
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError('Expected a number from 0 on, such as 0.05.');
}

function sourcesOf(
  said: readonly Said[],
  { radius, norm, clip }: { radius?: number; norm?: Norm; clip?: string },
  isRequired: boolean,
): RegionSource[] {
  const hasAround = said.some(({ kind }) => kind === 'around');
  if (isRequired && said.length === 0) {
    throw misused(
      'regions',
      'at least one',
      'none',
      'Pass --region box.json, --box -1..1, --around x.npy --radius 0.05, --hull x.npy, or a .vnnlib property.',
    );
  }
  if (hasAround && radius === undefined)
    throw misused('--around', '--radius with it', 'none', 'Such as --radius 0.05.');
  if (!hasAround && radius !== undefined) throw misused('--radius', '--around samples.npy with it', 'none');
  if (!hasAround && norm !== undefined) throw misused('--norm', '--around samples.npy with it', 'none');
  if (clip !== undefined && !isIntervals(clip))
    throw misused('--clip', 'lower..upper, such as 0..1', `'${clip}'`);
  if (clip !== undefined && said.length === 0) throw misused('--clip', 'regions to cut', 'none');
  return said.map(words => ({
    ...(words.kind === 'around' ? { ...words, radius: radius!, norm: norm ?? ('inf' as const) } : words),
    ...(clip === undefined ? {} : { clip }),
  }));
}

function misused(where: string, expected: string, actual: string, remedy?: string): PoliceError {
  return new PoliceError({
    code: 'invalid-option',
    where,
    expected,
    actual,
    ...(remedy ? { remedy } : {}),
  });
}
