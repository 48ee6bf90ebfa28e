import { readFile, realpath } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { float32, freeze, type Network, PoliceError } from '@police/core';
import { isRepresentable } from '@police/core/adapter';
import { exportOnnx } from '@police/onnx-export';
import { EXIT } from '../exit-codes.js';
import { readJson, unusable } from '../files.js';
import { Memory } from '../memory.js';
import { assertWritable, writeOutputs } from '../outputs.js';
import { type Terminal, talkOfWriting } from '../terminal.js';

export interface ExportOptions {
  readonly output: string;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** A framework whose models `police export` reads; its packages are loaded when such a model is met. */
interface Framework {
  readonly name: string;
  readonly packages: string;
  /** Whether a JSON value is one of its models. */
  recognises(json: Record<string, unknown>): boolean;
  read(json: Record<string, unknown>, path: string): Promise<ReadNetwork>;
}

interface ReadNetwork {
  readonly network: Network;
  /** What the model ends with, after the network's outputs. */
  readonly final?: 'softmax' | 'sigmoid';
}

const FRAMEWORKS: readonly Framework[] = [
  {
    name: 'TensorFlow.js',
    packages:
      '@police/tfjs @tensorflow/tfjs-core@4.22 @tensorflow/tfjs-layers@4.22 @tensorflow/tfjs-backend-cpu@4.22',
    recognises: json => 'modelTopology' in json,
    read: async (json, path) => {
      const tf = await import('@tensorflow/tfjs-core');
      await import('@tensorflow/tfjs-backend-cpu');
      const { loadLayersModel } = await import('@tensorflow/tfjs-layers');
      const { readable, toNetwork } = await import('@police/tfjs');
      await tf.setBackend('cpu');
      const model = await loadLayersModel(
        readable({
          load: () => tf.io.getModelArtifactsForJSON(json as never, manifest => readWeights(manifest, path)),
        }),
      );
      const last = lastLayerOf(model);
      const final = finalOf(last.getConfig(), last.getClassName());
      if (final && model.outputs[0].shape.length !== 2) throw unsupportedFinal(path, final);
      return { network: toNetwork(model), ...(final ? { final } : {}) };
    },
  },
  {
    name: 'brain.js',
    packages: '@police/brainjs brain.js@2.0.0-beta.24',
    recognises: json => Array.isArray(json.sizes) && Array.isArray(json.layers),
    read: async json => {
      const { plainFromJSON, toNetwork } = await import('@police/brainjs');
      return { network: toNetwork(plainFromJSON(json as never)) };
    },
  },
  {
    name: 'synaptic',
    packages: '@police/synaptic synaptic@1.1.4',
    recognises: json => Array.isArray(json.neurons) && Array.isArray(json.connections),
    read: async json => {
      const { default: synaptic } = await import('synaptic');
      const { toNetwork } = await import('@police/synaptic');
      return { network: toNetwork(synaptic.Network.fromJSON(json as never)) };
    },
  },
];

/** `police export`: a model of TensorFlow.js, brain.js or synaptic as ONNX, its weights rounded to float32. */
export async function exportCommand(
  path: string,
  options: ExportOptions,
  terminal: Terminal,
): Promise<number> {
  const talk = talkOfWriting(options, terminal);
  await assertWritable([options.output], options.force === true);
  const json = await readJson(path, terminal, new Memory({}));
  const framework = frameworkOf(json, path);
  const { network, final } = await readWith(framework, json as Record<string, unknown>, path);
  // brain.js and synaptic compute in float64, and batch-norm's factors are computed: what ONNX stores is float32.
  const stored = isRepresentable(network, float32) ? network : freeze(network, []).network;
  await writeOutputs(
    [{ path: options.output, content: exportOnnx(stored, final ? { final } : {}) }],
    terminal,
    options.force === true,
  );
  const facts = {
    framework: framework.name,
    inputs: stored.inputSize,
    outputs: stored.outputSize,
    final: final ?? null,
  };
  if (options.json) terminal.stdout.write(`${JSON.stringify(facts)}\n`);
  talk.say(
    `${framework.name}: ${facts.inputs} inputs, ${facts.outputs} outputs, ${stored.nodes.length} nodes${final ? `, then the final ${final}` : ''}`,
  );
  return EXIT.done;
}

/** What may lie around the layer that ends a model: models used as layers, and the constraint's layer around its model. */
interface Wrapping {
  readonly layers?: readonly Wrapping[];
  readonly inner?: Wrapping;
  getConfig(): Record<string, unknown>;
  getClassName(): string;
}

function lastLayerOf(model: unknown): Wrapping {
  const { layers, inner } = model as Wrapping;
  const within = inner ?? layers?.at(-1);
  return within ? lastLayerOf(within) : (model as Wrapping);
}

function finalOf(config: Record<string, unknown>, kind: string): 'softmax' | 'sigmoid' | undefined {
  if (kind === 'Softmax') return 'softmax';
  return config.activation === 'softmax' || config.activation === 'sigmoid' ? config.activation : undefined;
}

function unsupportedFinal(path: string, final: string): PoliceError {
  return new PoliceError({
    code: 'unsupported-layer',
    where: path,
    expected: 'outputs of one axis before a final softmax or sigmoid',
    actual: `a final ${final} over several`,
    remedy: 'Leave it out of the model, and apply it to what the exported file gives.',
  });
}

/** The files that the manifest names, beside the one read; links out of that folder are refused. */
async function readWeights(
  manifest: readonly { paths: string[]; weights: unknown[] }[],
  path: string,
): Promise<never> {
  const folder = await realpath(path === '-' ? '.' : dirname(path));
  const parts: Uint8Array[] = [];
  for (const name of manifest.flatMap(({ paths }) => paths)) {
    const file = await realpath(join(folder, name)).catch(cause => {
      throw unusable(join(folder, name), 'a file of weights', cause);
    });
    if (!file.startsWith(folder + sep))
      throw unusable(name, `a file of weights in ${folder}`, new Error('one outside'));
    parts.push(await readFile(file));
  }
  const bytes = Uint8Array.from(Buffer.concat(parts));
  return [manifest.flatMap(({ weights }) => weights), bytes.buffer] as never;
}

function frameworkOf(json: unknown, path: string): Framework {
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  const found = isObject && FRAMEWORKS.find(({ recognises }) => recognises(json as Record<string, unknown>));
  if (found) return found;
  throw new PoliceError({
    code: 'invalid-option',
    where: path,
    expected: `the JSON of a model of ${FRAMEWORKS.map(({ name }) => name).join(', ')}`,
    actual: isObject
      ? `one with ${
          Object.keys(json as object)
            .slice(0, 5)
            .join(', ') || 'nothing'
        }`
      : typeof json,
    remedy:
      'TensorFlow.js: the model.json that model.save writes. brain.js, synaptic: JSON.stringify(net.toJSON()).',
  });
}

async function readWith(
  { name, packages, read }: Framework,
  json: Record<string, unknown>,
  path: string,
): Promise<ReadNetwork> {
  try {
    return await read(json, path);
  } catch (error) {
    if (error instanceof PoliceError) {
      const { code, where, expected, actual, remedy } = error;
      throw new PoliceError({ code, where: `${path}: ${where}`, expected, actual, remedy, cause: error });
    }
    if (!isMissingPackage(error)) {
      // What a framework cannot read of its own JSON, it says in its own words.
      const actual = (error instanceof Error ? error.message : String(error)).split('\n')[0];
      const expected = `a model that ${name} reads`;
      throw new PoliceError({ code: 'unsupported-layer', where: path, expected, actual, cause: error });
    }
    throw new PoliceError({
      code: 'unsupported-layer',
      where: path,
      expected: `the packages that read ${name}`,
      actual: 'not all installed',
      remedy: `npm install ${packages}`,
      cause: error,
    });
  }
}

function isMissingPackage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}
