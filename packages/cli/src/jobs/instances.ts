import { dirname, resolve } from 'node:path';
import { PoliceError } from '@police/core';
import { type Command, InvalidArgumentError, type Option } from 'commander';
import { fixedFileIn } from '../fixed-inputs.js';
import { isMapFile } from '../map-file.js';
import { REGION_OPTIONS, type RegionSource, regionWords } from '../regions/sources.js';
import { parseCsv } from './csv.js';

/** A row of a file of instances, in the form of VNN-COMP: a model, a property or regions, seconds; and options of the command. */
export interface Instance {
  readonly model: string;
  readonly region: RegionSource;
  readonly timeout?: number;
  /** What files are called that come of it. */
  readonly name?: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What each of the first columns may be called. */
const COLUMNS: Readonly<Record<string, 'model' | 'region' | 'timeout' | 'name'>> = {
  model: 'model',
  onnx: 'model',
  network: 'model',
  property: 'region',
  vnnlib: 'region',
  region: 'region',
  timeout: 'timeout',
  name: 'name',
};

const WITHOUT_HEADING = ['model', 'property', 'timeout'];

/** Options that all rows have in common, or that rows say otherwise. */
const NOT_OF_A_ROW = [
  ...REGION_OPTIONS,
  'output',
  'instances',
  'jobs',
  'summary',
  'shard',
  'json',
  'quiet',
  'force',
  'report',
  'property',
];

/** Options that name files: in a file of instances they are beside it, as models are. */
const FILES = ['target', 'demand', 'data', 'certificate', 'proof', 'keep'];

/**
 * The instances of a CSV file. Without a heading, which starts with a column called `model`, its columns are model, property and
 * timeout. Other columns are options of the command by their long names, such as `policy`; a flag's is `true` or empty, and an empty field
 * leaves the option as it is. Files are relative to the file's folder; region JSON may stand in place of one. Throws `invalid-option` naming row and column.
 */
export function instancesOf(text: string, path: string, command: Command): Instance[] {
  const rows = parseCsv(text.replace(/^\uFEFF/, ''));
  const hasHeading = rows.length > 0 && COLUMNS[rows[0][0].toLowerCase()] === 'model';
  const head = hasHeading ? rows[0].map(name => name.toLowerCase()) : WITHOUT_HEADING;
  const fields = head.map(name => COLUMNS[name] ?? optionNamed(name, path, command));
  const folder = dirname(path);
  return rows.slice(hasHeading ? 1 : 0).map((row, i) => {
    const where = `${path} row ${i + 1}`;
    if (row.length > fields.length || row.length < 2) {
      throw refused(where, `${fields.length} columns: ${head.join(', ')}`, `${row.length}`);
    }
    return instanceOf(row, fields, folder, where);
  });
}

type Field = 'model' | 'region' | 'timeout' | 'name' | Option;

function instanceOf(
  row: readonly string[],
  fields: readonly Field[],
  folder: string,
  where: string,
): Instance {
  const found: Partial<Record<'model' | 'region' | 'timeout' | 'name', string>> = {};
  const options: Record<string, unknown> = {};
  row.forEach((text, k) => {
    const field = fields[k];
    if (text === '') return;
    if (typeof field === 'string') found[field] = text;
    else options[field.attributeName()] = optionValue(field, text, folder, where);
  });
  const { model, region, timeout, name } = found;
  if (model === undefined || region === undefined) {
    throw refused(where, 'a model and a property', row.join(','));
  }
  return {
    model: resolve(folder, model),
    region: regionAt(region, folder),
    ...(timeout === undefined ? {} : { timeout: secondsOf(timeout, where) }),
    ...(name === undefined ? {} : { name }),
    options,
  };
}

/** A file beside the instances, or region JSON itself. */
function regionAt(text: string, folder: string): RegionSource {
  const source = regionWords(text);
  return source.kind === 'file' ? { ...source, path: resolve(folder, source.path) } : source;
}

function optionNamed(name: string, path: string, { options }: Command): Option {
  const usable = options.filter(option => !NOT_OF_A_ROW.includes(option.attributeName()));
  const option = usable.find(({ long }) => long === `--${name}`);
  if (option) return option;
  const names = usable.map(({ long }) => long?.slice(2)).join(', ');
  throw refused(
    `${path} heading`,
    `model, property, timeout, name or an option of a row (${names})`,
    `'${name.slice(0, 80)}'`,
  );
}

/** As the command line reads it. */
function optionValue(option: Option, text: string, folder: string, where: string): unknown {
  const name = option.attributeName();
  if (option.isBoolean() || option.negate) {
    if (text === 'true') return !option.negate;
    if (text === 'false') return option.negate;
    throw refused(`${where} ${name}`, 'true, false or nothing', `'${text.slice(0, 80)}'`);
  }
  if (option.optional && text === 'true') return true;
  if (FILES.includes(name) || (name === 'map' && isMapFile(text))) return resolve(folder, text);
  if (name === 'domain') return domainBeside(text, folder);
  if (name === 'fix') return [fixedBeside(text, folder)];
  try {
    return option.parseArg ? option.parseArg(text, undefined) : text;
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw refused(`${where} ${name}`, 'a value of that option', `'${text.slice(0, 80)}'`, error.message);
  }
}

function domainBeside(text: string, folder: string): string {
  const source = regionWords(text);
  return source.kind === 'file' ? resolve(folder, source.path) : text;
}

/** `name=value.npy` with the file's whole path. */
function fixedBeside(words: string, folder: string): string {
  const file = fixedFileIn(words);
  return file === undefined ? words : `${words.slice(0, -file.length)}${resolve(folder, file)}`;
}

function secondsOf(text: string, where: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds < MOST_SECONDS) return seconds;
  throw refused(`${where} timeout`, `seconds above 0 and below ${MOST_SECONDS}`, `'${text.slice(0, 80)}'`);
}

/** What a timer of Node takes. */
const MOST_SECONDS = 2 ** 31 / 1000;

function refused(where: string, expected: string, actual: string, remedy?: string): PoliceError {
  return new PoliceError({ code: 'invalid-option', where, expected, actual, remedy });
}
