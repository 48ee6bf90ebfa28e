/// <reference types="node" />
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { PoliceError } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';

const TOPOLOGY = 'model.json';
const WEIGHTS = 'weights.bin';

/**
 * Saves a model to a folder, or loads it from there, in TensorFlow.js's own format: `model.json` and `weights.bin`. Both
 * are written aside and then put in place, so that a reader never sees half a file.
 *
 * Loading throws `invalid-option` where the folder has no model.
 *
 * @example
 * await policed.save(nodeFiles('checkpoints/last'));
 * const resumed = await loadLayersModel(nodeFiles('checkpoints/last'));
 */
export function nodeFiles(folder: string): tf.io.IOHandler {
  return { save: artifacts => save(folder, artifacts), load: () => load(folder) };
}

async function save(folder: string, artifacts: tf.io.ModelArtifacts): Promise<tf.io.SaveResult> {
  const { weightData, weightSpecs = [], ...rest } = artifacts;
  const weightsManifest = [{ paths: [WEIGHTS], weights: weightSpecs }];
  await mkdir(folder, { recursive: true });
  await writeInPlace(folder, [
    { name: WEIGHTS, data: Buffer.from(tf.io.CompositeArrayBuffer.join(weightData)) },
    { name: TOPOLOGY, data: JSON.stringify({ ...rest, weightsManifest }) },
  ]);
  return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
}

async function load(folder: string): Promise<tf.io.ModelArtifacts> {
  try {
    const json = JSON.parse(await readFile(join(folder, TOPOLOGY), 'utf8')) as tf.io.ModelJSON;
    return await tf.io.getModelArtifactsForJSON(json, async manifest => {
      const parts = await Promise.all(
        manifest.flatMap(({ paths }) => paths).map(path => readFile(inFolder(folder, path))),
      );
      const bytes = Uint8Array.from(Buffer.concat(parts));
      return [manifest.flatMap(({ weights }) => weights), bytes.buffer];
    });
  } catch (cause) {
    throw new PoliceError({
      code: 'invalid-option',
      where: folder,
      expected: `a folder with ${TOPOLOGY} and ${WEIGHTS}`,
      actual: cause instanceof Error ? cause.message : `${cause}`,
      cause,
    });
  }
}

/** A model from elsewhere may name any path: only files of its own folder are read. */
function inFolder(folder: string, path: string): string {
  const found = resolve(folder, path);
  if (found.startsWith(resolve(folder) + sep)) return found;
  throw new Error(`weights at '${path}', which is not in that folder`);
}

/** All files are complete before the first takes its name. */
async function writeInPlace(
  folder: string,
  files: readonly { readonly name: string; readonly data: string | Buffer }[],
): Promise<void> {
  const aside = files.map(({ name }) => join(folder, `.${name}.${process.pid}.tmp`));
  try {
    await Promise.all(files.map(({ data }, i) => writeFile(aside[i], data)));
    for (let i = 0; i < files.length; i++) await rename(aside[i], join(folder, files[i].name));
  } finally {
    await Promise.all(aside.map(path => rm(path, { force: true })));
  }
}
