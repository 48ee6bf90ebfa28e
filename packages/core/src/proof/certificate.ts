import { demandFromJSON } from '../demands/checked-demand.js';
import type { Demand } from '../demands/demand-type.js';
import { assertSize, PoliceError } from '../errors.js';
import type { Network } from '../network/network.js';
import { rowOf } from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';
import { certify } from './certify.js';
import { assertDemand } from './enclosed-piece.js';
import { regionsHash, sha256Hex } from './hash.js';
import {
  assertCertified,
  type Certified,
  type CertifyOptions,
  type RegionProof,
  type UnreadUnits,
} from './plain-proof.js';

/** A proof on paper, as JSON (`schema/certificate.schema.json`): what `certify` found, and of what. */
export interface Certificate {
  readonly format: 'police-certificate';
  /** 2 where some region has `unread`, else 1. */
  readonly version: 1 | 2;
  /** SHA-256 of the model file's bytes, in hex. */
  readonly modelSha256: string;
  /** `regionsHash` of the regions. */
  readonly regionsSha256: string;
  /** See `FrozenLayer.smallestMargin`; null for a nonlinearity without kinks. */
  readonly layers: readonly { readonly name: string; readonly smallestMargin: number | null }[];
  /** In the order of the regions. */
  readonly regions: readonly {
    /** `[outSize][inSize]`; with b and `mapError` absent where the map was left out, see {@link CertificateOptions}. */
    readonly A?: readonly (readonly number[])[];
    /** `[outSize]`. */
    readonly b?: readonly number[];
    /** Bound `[outSize]` on |f(x) − (A x + b)| over the region, f in exact arithmetic. */
    readonly mapError?: readonly number[];
    /**
     * Bound `[outSize]` on |float32 inference − f(x)| over the region; null where float32 may overflow. It says nothing about
     * inference in float16, for which no bound is given.
     */
    readonly inferenceError: readonly (number | null)[];
    /** Bound `[outSize]` on |f(x)| over the region. */
    readonly outputReach: readonly number[];
    /** See `RegionProof.overflow` and `RegionProof.coarse`. */
    readonly overflow?: string;
    readonly coarse?: string;
    /** See `RegionProof.unread`. */
    readonly unread?: readonly UnreadUnits[];
    /** Only where smooth activations make f affine up to an error: see `RegionProof.approximationError`. */
    readonly approximationError?: readonly number[];
    /** Only where something was demanded of the map: see `CertificateOptions.demands`. */
    readonly demand?: CertifiedDemand;
  }[];
}

/** What is proved of a region's map besides that it is one. */
export interface CertifiedDemand {
  readonly demand: Demand;
  /** Bound on how far the demand's equations are missed; inequalities hold without any. */
  readonly residual: number;
}

/** Those of {@link certify}, and whether the maps are written. */
export interface CertificateOptions extends CertifyOptions {
  /**
   * Whether A and b are written.
   * @defaultValue where A has at most 2²⁰ entries (as text, about 20 MB), and outputs times units are at most 2³²
   */
  readonly map?: boolean;
  /**
   * One for each region, undefined where nothing is demanded: proved, and written.
   * @defaultValue none
   */
  readonly demands?: readonly (Demand | undefined)[];
}

const MOST_MAP_ENTRIES = 2 ** 20;

/** Numbers carried back to make A: for each output, one for each unit. */
const MOST_MAP_WORK = 2 ** 32;

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
  options: CertificateOptions = {},
): Certificate {
  const proof = certify(net, regions, options);
  assertCertified(proof);
  return certificateOfProof(net, proof, regions, modelBytes, options);
}

/** The certificate that a proof makes, of `certify(net, regions)`. Throws `infeasible-target` for a demand that is not proved. */
export function certificateOfProof(
  net: Network,
  proof: Certified,
  regions: readonly Region[],
  modelBytes: Uint8Array,
  { map = isMapSmall(net), demands = [], memory }: Omit<CertificateOptions, 'progress'> = {},
): Certificate {
  if (demands.length > 0)
    assertSize(demands.length, regions.length, 'certificate', 'demands, one for each region,');
  const limits = memory === undefined ? {} : { memory };
  const proved = demands.map(
    (demand, r): CertifiedDemand | undefined =>
      demand && { demand, residual: assertDemand(net, regions[r], demand, limits) },
  );
  return {
    format: 'police-certificate',
    version: proof.regions.some(({ unread }) => unread) ? 2 : 1,
    modelSha256: sha256Hex(modelBytes),
    regionsSha256: regionsHash(regions),
    layers: proof.layers.map(({ name, smallestMargin }) => ({
      name,
      smallestMargin: finiteOrNull(smallestMargin),
    })),
    regions: proof.regions.map((region, r) => ({
      ...(map ? mapOf(region) : {}),
      inferenceError: Array.from(region.inferenceError, finiteOrNull),
      outputReach: Array.from(region.outputReach),
      ...(region.overflow === undefined ? {} : { overflow: region.overflow }),
      ...(region.coarse === undefined ? {} : { coarse: region.coarse }),
      ...(region.unread ? { unread: region.unread } : {}),
      ...(region.approximationError ? { approximationError: Array.from(region.approximationError) } : {}),
      ...(proved[r] ? { demand: proved[r] } : {}),
    })),
  };
}

function isMapSmall({ inputSize, outputSize, sizes }: Network): boolean {
  const units = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return outputSize * inputSize <= MOST_MAP_ENTRIES && outputSize * units <= MOST_MAP_WORK;
}

function mapOf({
  map: { A, b },
  mapError,
}: RegionProof): Pick<Certificate['regions'][number], 'A' | 'b' | 'mapError'> {
  return {
    A: Array.from({ length: A.rows }, (_, i) => Array.from(rowOf(A, i))),
    b: Array.from(b),
    mapError: Array.from(mapError),
  };
}

/**
 * A certificate as JSON, in pieces that are written one after the other: that of a wide model is longer than a string may be.
 */
export function* certificateText(certificate: Certificate): Iterable<string> {
  const { regions, ...head } = certificate;
  yield `${JSON.stringify(head).slice(0, -1)},"regions":[`;
  for (const [r, { A, ...rest }] of regions.entries()) {
    yield r > 0 ? ',' : '';
    if (A) {
      yield '{"A":[';
      for (const [i, row] of A.entries()) yield `${i > 0 ? ',' : ''}${JSON.stringify(row)}`;
      yield `],${JSON.stringify(rest).slice(1)}`;
    } else yield JSON.stringify(rest);
  }
  yield ']}';
}

/** JSON has no infinities. */
const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

/**
 * Why a certificate does not hold for a network read from `modelBytes`, or undefined if it does. Everything in it is
 * derived anew from the model and the regions; nothing it says is believed. A demand that it speaks of is proved anew.
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
    const demands = demandsOf(certificate);
    derived = certificateOf(net, regions, modelBytes, { ...options, map: hasMaps(certificate), demands });
  } catch (error) {
    if (error instanceof PoliceError) return `The model cannot be certified: ${error.message}`;
    throw error;
  }
  const at = firstDifference(derived, certificate, 'certificate');
  return at && `${at.path}: expected ${JSON.stringify(at.expected)}, got ${JSON.stringify(at.actual)}.`;
}

/** Whether a certificate, if it is one, says what the maps are. */
function hasMaps(certificate: unknown): boolean {
  const regions = (certificate as Partial<Certificate> | null)?.regions;
  return Array.isArray(regions) && regions.some(region => Object.hasOwn(Object(region), 'A'));
}

/** What a certificate, if it is one, says is demanded of each region. Throws `invalid-option` for what is no demand. */
export function demandsOf(certificate: unknown): (Demand | undefined)[] {
  const regions = (certificate as Partial<Certificate> | null)?.regions;
  if (!Array.isArray(regions) || !regions.some(region => Object.hasOwn(Object(region), 'demand'))) return [];
  return regions.map((region: { demand?: { demand?: unknown } }) =>
    Object.hasOwn(Object(region), 'demand') ? demandFromJSON(region.demand?.demand) : undefined,
  );
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
    const difference = firstDifference(own(expected, key), own(actual, key), `${path}.${key}`);
    if (difference) return difference;
  }
  return undefined;
}

/** A field of the object itself: JSON may have one called `__proto__`. */
function own(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
}
