/// <reference types="node" />
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { type LinearPrograms, PoliceError } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import './all.js'; // registers whatever a file may name
import { findLinearPrograms } from './layer/find-linear-programs.js';
import { useLinearPrograms } from './layer/linear-programs.js';
import { allLayers, modelOf } from './reading/keras3.js';
import { assertWeightsFinite, readableArtifacts } from './reading/readable.js';
import { needsLinearPrograms } from './reading/saved-options.js';

const TOPOLOGY = 'model.json';

/** Of `nodeFiles`: what reads regions that need linear programs. */
export interface NodeFilesOptions {
  /**
   * Solves linear programs, for regions of too many vertices to list.
   * @defaultValue HiGHS, loaded when it is needed
   */
  readonly programs?: LinearPrograms | undefined;
}

/**
 * Saves a model to a folder, or loads it from there, in TensorFlow.js's own format: `model.json`, and a file of weights that it names.
 * Weights are written first, under a name of their own; then `model.json` takes the place of the last one at once. So of several
 * saves at a time each succeeds or fails alone, and who reads sees one model whole, whoever writes meanwhile.
 *
 * Loading reads models of Keras 3 too. It throws `invalid-option` where the folder has no model, and what `readable` throws. Saving throws
 * `not-finite` for a model that has diverged, which could not be loaded.
 *
 * @example
 * await policed.save(nodeFiles('checkpoints/last'));
 * const resumed = await loadLayersModel(nodeFiles('checkpoints/last'));
 */
export function nodeFiles(folder: string, { programs }: NodeFilesOptions = {}): tf.io.IOHandler {
  return {
    save: artifacts => save(folder, artifacts),
    load: async () => {
      const artifacts = readableArtifacts(await load(folder));
      if (programs) useLinearPrograms(programs);
      else if (needsPrograms(artifacts)) await findLinearPrograms();
      return artifacts;
    },
  };
}

const needsPrograms = ({ modelTopology }: tf.io.ModelArtifacts): boolean =>
  allLayers(modelOf(modelTopology as Record<string, unknown>)).some(
    ({ class_name, config }) =>
      (class_name === 'PolicedLayer' || class_name === 'PolicePatch') &&
      needsLinearPrograms((config as { regions?: unknown }).regions),
  );

async function save(folder: string, artifacts: tf.io.ModelArtifacts): Promise<tf.io.SaveResult> {
  assertWeightsFinite(artifacts);
  const { weightData, weightSpecs = [], ...rest } = artifacts;
  const id = randomUUID();
  const aside = join(folder, `.${TOPOLOGY}.${id}.tmp`);
  await mkdir(folder, { recursive: true });
  const bytes = Buffer.from(tf.io.CompositeArrayBuffer.join(weightData));
  const weights = await writeApart(folder, ['weights.bin', `weights.${id}.bin`], bytes);
  try {
    const weightsManifest = [{ paths: [weights], weights: weightSpecs }];
    await writeFile(aside, JSON.stringify({ ...rest, weightsManifest }));
    await inTurn(folder, async () => {
      const before = (await weightsIn(folder)).filter(isOurs);
      await rename(aside, join(folder, TOPOLOGY));
      await Promise.all(before.map(path => rm(path, { force: true })));
    });
  } catch (error) {
    await Promise.all([aside, join(folder, weights)].map(path => rm(path, { force: true })));
    throw error;
  }
  return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
}

/** Writes to the first name that is free, and returns it: a file there belongs to the model in place, or to a save under way. */
async function writeApart(folder: string, [name, ...others]: string[], bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  try {
    const file = await open(path, 'wx');
    try {
      await file.writeFile(bytes);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    return name;
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST' || others.length === 0) throw error;
    return writeApart(folder, others, bytes);
  }
}

const isOurs = (path: string): boolean => /^weights(\.[0-9a-f-]+)?\.bin$/.test(basename(path));

/** What each folder is waiting for, so that of two saves in this process the one replaces the other. */
const waiting = new Map<string, Promise<void>>();

async function inTurn(folder: string, action: () => Promise<void>): Promise<void> {
  const place = resolve(folder);
  const turn = (waiting.get(place) ?? Promise.resolve()).then(action, action);
  waiting.set(place, turn);
  try {
    await turn;
  } finally {
    if (waiting.get(place) === turn) waiting.delete(place);
  }
}

/** The files of weights that the folder's present model names, if it has one; files of that folder only. */
async function weightsIn(folder: string): Promise<string[]> {
  try {
    const { weightsManifest = [] } = await topologyIn(folder);
    return weightsManifest.flatMap(({ paths }) => paths.map(path => inFolder(folder, path)));
  } catch {
    return []; // no model there
  }
}

const topologyIn = async (folder: string): Promise<tf.io.ModelJSON> =>
  JSON.parse(await readFile(join(folder, TOPOLOGY), 'utf8')) as tf.io.ModelJSON;

/** How often to look again where a save has replaced the weights just named. */
const ATTEMPTS = 20;

async function load(folder: string): Promise<tf.io.ModelArtifacts> {
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        return await loadOnce(folder);
      } catch (error) {
        const isGone = (error as { code?: string }).code === 'ENOENT';
        if (!isGone || attempt === ATTEMPTS || !(await isReplaced(folder, error))) throw error;
      }
    }
  } catch (cause) {
    throw new PoliceError({
      code: 'invalid-option',
      where: folder,
      expected: `a folder with ${TOPOLOGY} and the weights that it names`,
      actual: cause instanceof Error ? cause.message : `${cause}`,
      cause,
    });
  }
}

/** Whether the file that was missing is one that the folder's model does not name any more. */
async function isReplaced(folder: string, error: unknown): Promise<boolean> {
  const { path } = error as { path?: string };
  const present = await weightsIn(folder);
  return path !== undefined && present.length > 0 && !present.includes(resolve(path));
}

async function loadOnce(folder: string): Promise<tf.io.ModelArtifacts> {
  return tf.io.getModelArtifactsForJSON(await topologyIn(folder), async manifest => {
    const parts = await Promise.all(
      manifest.flatMap(({ paths }) => paths).map(path => readFile(inFolder(folder, path))),
    );
    const bytes = Uint8Array.from(Buffer.concat(parts));
    return [manifest.flatMap(({ weights }) => weights), bytes.buffer];
  });
}

/** A model from elsewhere may name any path: only files of its own folder are read. */
function inFolder(folder: string, path: string): string {
  const found = resolve(folder, path);
  if (found.startsWith(resolve(folder) + sep)) return found;
  throw new Error(`weights at '${path}', which is not in that folder`);
}
