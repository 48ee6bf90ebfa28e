import { PoliceError } from '../errors.js';
import type { ClampNode, OpaqueNode } from './nodes.js';

/**
 * The rules of clamps and opaque nodes in tables that follow affine pieces: on a region a clamp is its centre or its value, which
 * `resolveClamps` proves and puts in its place, and nothing is known of an opaque node. Throws `unsupported-layer`.
 */
export const UNRESOLVED = {
  clamp: ({ name }: ClampNode): never => {
    throw unsupported(
      name,
      'a clamp',
      'Patch last: enforce, train and freeze the network first, then patch it; certify reads the result.',
    );
  },
  opaque: ({ name }: OpaqueNode): never => {
    throw unsupported(
      name,
      'a part of which nothing is known',
      'Run the file it stands for, or hold it by a patch: police enforce --method patch.',
    );
  },
} as const;

function unsupported(name: string, actual: string, remedy: string): PoliceError {
  return new PoliceError({
    code: 'unsupported-layer',
    where: name,
    expected: 'a node whose affine pieces are known',
    actual,
    remedy,
  });
}
