import { PoliceError } from '../errors.js';
import type { Network } from '../network/network.js';
import { rowOf } from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';
import { assertCertified, type CertifyOptions, certify } from './certify.js';
import { regionsHash, sha256Hex } from './hash.js';

/** A proof on paper, as JSON (`schema/certificate.schema.json`): what `certify` found, and of what. */
export interface Certificate {
  readonly format: 'police-certificate';
  readonly version: 1;
  /** SHA-256 of the model file's bytes, in hex. */
  readonly modelSha256: string;
  /** `regionsHash` of the regions. */
  readonly regionsSha256: string;
  /** See `FrozenLayer.smallestMargin`; null for a nonlinearity without kinks. */
  readonly layers: readonly { readonly name: string; readonly smallestMargin: number | null }[];
  /** In the order of the regions. */
  readonly regions: readonly {
    /** `[outSize][inSize]`. */
    readonly A: readonly (readonly number[])[];
    /** `[outSize]`. */
    readonly b: readonly number[];
    /** Bound `[outSize]` on |f(x) − (A x + b)| over the region, f in exact arithmetic. */
    readonly mapError: readonly number[];
    /** Bound `[outSize]` on |float32 inference − (A x + b)| over the region. */
    readonly inferenceError: readonly number[];
    /** Only where smooth activations make f affine up to an error: see `RegionProof.approximationError`. */
    readonly approximationError?: readonly number[];
  }[];
}

/**
 * The certificate of a network read from `modelBytes`. Throws `not-frozen`, naming the unit, where the network cannot be
 * certified.
 *
 * @example
 * const certificate = certificateOf(freeze(net, regions).network, regions, modelBytes);
 * JSON.stringify(certificate); // stored beside the model
 */
export function certificateOf(
  net: Network,
  regions: readonly Region[],
  modelBytes: Uint8Array,
  options: CertifyOptions = {},
): Certificate {
  const proof = certify(net, regions, options);
  assertCertified(proof);
  return {
    format: 'police-certificate',
    version: 1,
    modelSha256: sha256Hex(modelBytes),
    regionsSha256: regionsHash(regions),
    layers: proof.layers.map(({ name, smallestMargin }) => ({
      name,
      smallestMargin: Number.isFinite(smallestMargin) ? smallestMargin : null,
    })),
    regions: proof.regions.map(({ map, mapError, inferenceError, approximationError }) => ({
      A: Array.from({ length: map.A.rows }, (_, i) => Array.from(rowOf(map.A, i))),
      b: Array.from(map.b),
      mapError: Array.from(mapError),
      inferenceError: Array.from(inferenceError),
      ...(approximationError ? { approximationError: Array.from(approximationError) } : {}),
    })),
  };
}

/**
 * Why a certificate does not hold for a network read from `modelBytes`, or undefined if it does. Everything in it is
 * derived anew from the model and the regions; nothing it says is believed.
 */
export function certificateFlaw(
  certificate: unknown,
  net: Network,
  regions: readonly Region[],
  modelBytes: Uint8Array,
  options: CertifyOptions = {},
): string | undefined {
  let derived: Certificate;
  try {
    derived = certificateOf(net, regions, modelBytes, options);
  } catch (error) {
    if (error instanceof PoliceError) return `The model cannot be certified: ${error.message}`;
    throw error;
  }
  const at = firstDifference(derived, certificate, 'certificate');
  return at && `${at.path}: expected ${JSON.stringify(at.expected)}, got ${JSON.stringify(at.actual)}.`;
}

interface Difference {
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** The first place where two JSON values differ. −0 and 0 are one number in JSON. */
function firstDifference(expected: unknown, actual: unknown, path: string): Difference | undefined {
  if (typeof expected !== 'object' || expected === null) {
    return expected === actual ? undefined : { path, expected, actual };
  }
  if (typeof actual !== 'object' || actual === null || Array.isArray(actual) !== Array.isArray(expected)) {
    return { path, expected, actual };
  }
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const difference = firstDifference(
      (expected as Record<string, unknown>)[key],
      (actual as Record<string, unknown>)[key],
      `${path}.${key}`,
    );
    if (difference) return difference;
  }
  return undefined;
}
