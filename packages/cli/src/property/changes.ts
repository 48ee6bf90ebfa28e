import { PoliceError } from '@police/core';
import { loadLinearPrograms } from '@police/core/highs';
import { readText } from '../files.js';
import type { Memory } from '../memory.js';
import type { RegionSource } from '../regions/sources.js';
import type { Terminal } from '../terminal.js';
import { type AnswerWord, type AskedModel, answerOf } from './answer.js';
import { asksOfOutputs, type Property, readProperty } from './property.js';

/** What became of a property. */
export interface PropertyChange {
  readonly property: string;
  readonly before: AnswerWord;
  readonly after: AnswerWord;
}

/** Properties that came as regions, and why others are not asked. */
export interface Asked {
  readonly properties: readonly Property[];
  readonly warnings: readonly string[];
}

/** The properties among region files that say something of outputs; one that cannot be asked is a warning, since its region holds anyway. */
export async function propertiesIn(
  sources: readonly RegionSource[],
  { model }: AskedModel,
  memory: Memory,
  terminal: Terminal,
): Promise<Asked> {
  const properties: Property[] = [];
  const warnings: string[] = [];
  const sizes = { inputs: model.network.inputSize, outputs: model.network.outputSize };
  const paths = sources.flatMap(source => (source.kind === 'file' ? [source.path] : []));
  for (const path of paths.filter(name => name.endsWith('.vnnlib'))) {
    const text = await readText(path, terminal, memory);
    if (!/\(\s*assert/.test(text)) continue;
    try {
      const programs = await loadLinearPrograms();
      const property = readProperty(text, path, { ...sizes, memory, programs });
      if (!asksOfOutputs(property)) continue;
      if (model.tail.length === 0) properties.push(property);
      else warnings.push(`${path}: not asked about: a final ${model.tail.join(', ')} computes the outputs`);
    } catch (error) {
      if (!(error instanceof PoliceError)) throw error;
      warnings.push(`${path}: not asked about: ${error.message}`);
    }
  }
  return { properties, warnings };
}

/** The answers before and after. */
export async function changesOf(
  properties: readonly Property[],
  before: AskedModel,
  after: AskedModel,
  options: { readonly memory: number; readonly run: boolean },
): Promise<{ changes: PropertyChange[]; warnings: string[] }> {
  const changes: PropertyChange[] = [];
  const warnings: string[] = [];
  for (const property of properties) {
    const [was, is] = [await answerOf(property, before, options), await answerOf(property, after, options)];
    changes.push({ property: property.file, before: was.answer, after: is.answer });
    warnings.push(...was.warnings, ...is.warnings);
  }
  return { changes, warnings: [...new Set(warnings)] };
}

/** Whether nothing violated it before, and something does now. */
export const isFlipped = ({ before, after }: PropertyChange): boolean => before !== 'sat' && after === 'sat';

/** Throws `infeasible-target` where a property that held, as far as is known, does not any more. */
export function assertNoneFlipped(changes: readonly PropertyChange[]): void {
  const flipped = changes.filter(isFlipped);
  if (flipped.length === 0) return;
  throw new PoliceError({
    code: 'infeasible-target',
    where: flipped.map(({ property }) => property).join(', '),
    expected: 'properties that hold as before',
    actual: flipped.map(({ before }) => `${WORDS[before]} before, violated after`).join('; '),
    remedy:
      'Nothing was written. A patch keeps more: police enforce --method patch, or police repair, which makes the property true. --allow-violation writes all the same.',
  });
}

const WORDS: Readonly<Record<AnswerWord, string>> = {
  unsat: 'proved',
  unknown: 'no violation found',
  'timed-out': 'no violation found in time',
  sat: 'violated',
};

/** One line for each property. */
export function changeLines(changes: readonly PropertyChange[]): string[] {
  return changes.map(
    ({ property, before, after }) => `Property ${property}: ${WORDS[before]} before, ${WORDS[after]} after.`,
  );
}
