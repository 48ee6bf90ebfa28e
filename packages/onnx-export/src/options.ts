import { PoliceError, type Region } from '@police/core';

/** Of `exportOnnx`: names, metadata, and what the model does after the network. */
export interface ExportOptions {
  /**
   * Name of the input tensor `[batch, inputSize]`.
   * @defaultValue 'input'
   */
  readonly inputName?: string;
  /**
   * Name of the output tensor `[batch, outputSize]`.
   * @defaultValue 'output'
   */
  readonly outputName?: string;
  /**
   * What the model does with the network's outputs at the end, over each sample's: the file's output is then that. It stands outside
   * what is guaranteed.
   * @defaultValue nothing
   */
  readonly final?: FinalOperation;
  /** @defaultValue 'network' */
  readonly graphName?: string;
  /** The model's documentation, shown by viewers. */
  readonly docString?: string;
  /**
   * The regions that the network was frozen for. They are checked, and recorded in the file: `police.regions` holds
   * their JSON, `police.regions.sha256` its `regionsHash`.
   */
  readonly regions?: readonly Region[];
  /** Further metadata; `police.regions` and `police.regions.sha256` are taken. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export type FinalOperation = 'softmax' | 'sigmoid';

export const REGIONS_KEY = 'police.regions';
export const REGIONS_HASH_KEY = 'police.regions.sha256';

/** What the options leave open, filled in. */
export interface GraphNames {
  readonly inputName: string;
  readonly outputName: string;
  readonly graphName: string;
  readonly final?: FinalOperation;
}

/** The graph's names. Throws `invalid-option` for an empty name, or one name for input and output. */
export function graphNames({
  inputName = 'input',
  outputName = 'output',
  graphName = 'network',
  final,
}: ExportOptions): GraphNames {
  for (const [option, name] of Object.entries({ inputName, outputName, graphName })) {
    if (typeof name !== 'string' || name === '') {
      throw invalid(option, 'a name that is not empty', JSON.stringify(name));
    }
  }
  if (inputName === outputName) {
    throw invalid('outputName', 'a name other than the input tensor has', `'${outputName}'`);
  }
  if (final !== undefined && final !== 'softmax' && final !== 'sigmoid') {
    throw invalid('final', "'softmax' or 'sigmoid'", JSON.stringify(final));
  }
  return { inputName, outputName, graphName, ...(final ? { final } : {}) };
}

/** Throws `invalid-option` for an empty or reserved key, or a value that is no string. */
export function assertMetadata(metadata: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(metadata)) {
    const where = `metadata['${key}']`;
    if (key === '') throw invalid(where, 'a key that is not empty', "''");
    if (key === REGIONS_KEY || key === REGIONS_HASH_KEY) {
      throw invalid(
        where,
        'a key that the exporter does not write',
        `'${key}'`,
        'Pass the option `regions`.',
      );
    }
    if (typeof value !== 'string') {
      throw invalid(where, 'a string', typeof value, 'Write other values as JSON.');
    }
  }
}

function invalid(where: string, expected: string, actual: string, remedy?: string): PoliceError {
  return new PoliceError({ code: 'invalid-option', where, expected, actual, ...(remedy ? { remedy } : {}) });
}
