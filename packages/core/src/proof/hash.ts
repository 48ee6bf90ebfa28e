import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Region } from '../regions/region.js';

/** SHA-256 of bytes, in hex. */
export function sha256Hex(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes));
}

/** SHA-256, in hex, of the regions' JSON in order: the same regions give the same hash in every runtime. */
export function regionsHash(regions: readonly Region[]): string {
  return sha256Hex(utf8ToBytes(JSON.stringify(regions.map(region => region.toJSON()))));
}
