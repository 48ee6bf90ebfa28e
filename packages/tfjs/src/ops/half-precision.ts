import { PoliceError } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';

const found = new WeakMap<object, boolean>();
const allowed = new WeakSet<object>();

/** So many entries are multiplied on the device itself: webgl hands fewer to the processor, which has float32 everywhere. */
const ENTRIES = 256;

/** Float32 holds 1 + 2⁻²⁰, float16 rounds it to 1. */
const JUST_ABOVE_1 = 1 + 2 ** -20;

/**
 * Whether the backend keeps and computes its numbers in float16, as WebGL does on most phones: whatever the arrays given to it, which
 * it rounds where it uses them.
 */
export function computesInHalf(): boolean {
  const backend = tf.backend();
  const known = found.get(backend);
  if (known !== undefined) return known;
  const values = tf.tidy(() => tf.mul(tf.fill([ENTRIES], JUST_ABOVE_1), tf.ones([ENTRIES])).dataSync());
  const isHalf = values[0] !== JUST_ABOVE_1;
  found.set(backend, isHalf);
  return isHalf;
}

/** Lets models train in half precision on the current backend. */
export function allowHalfPrecision(): void {
  allowed.add(tf.backend());
}

/** Throws `invalid-option` where training would be in half precision and nobody said that this is meant. */
export function assertPrecision(): void {
  if (!computesInHalf() || allowed.has(tf.backend())) return;
  const name = tf.getBackend();
  throw new PoliceError({
    code: 'invalid-option',
    where: `the ${name} backend`,
    expected: 'float32',
    actual:
      'float16, as on most phones: outputs are off affine by 1e-4 to 1e-3 of their size there, not by 1e-7',
    remedy: `Train by await startBackend('wasm'), or take it as it is: await startBackend('${name}', { allowHalfPrecision: true }).`,
  });
}

/**
 * Throws `invalid-option` where weights that a certificate speaks of would be rounded to float16 by their first use: then the model read
 * back, or saved, is another one.
 */
export function assertKeepsFloat32(where: string): void {
  if (!computesInHalf()) return;
  throw new PoliceError({
    code: 'invalid-option',
    where,
    expected: 'a backend that keeps float32 weights as they are',
    actual: `${tf.getBackend()} in float16, which rounds them where it uses them`,
    remedy: "Call await startBackend('wasm') before it, and save the model from there.",
  });
}

/** What to do about numbers that are no more finite, in the words of the precision that they are in. */
export const withPrecision = (remedy: string): string =>
  computesInHalf()
    ? `${tf.getBackend()} computes in float16 here, infinite beyond 65,504 and 0 below 6e-8: give Adam an epsilon of 1e-3 (its default is 0 there), or train on the wasm backend. ${remedy}`
    : remedy;
