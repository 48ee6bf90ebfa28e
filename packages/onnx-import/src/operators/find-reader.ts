import { unsupported } from '../errors.js';
import type { NodeProto } from '../proto.js';
import { FAMILIES, type FamilyName, takeIn } from './left-out.js';
import type { OperatorFamily, Reader } from './reader.js';
import { READERS } from './table.js';

/** The reader of an operator of ONNX's own domain. Throws `unsupported-layer`, naming the family that was left out. */
export function readerOf(
  { domain, opType, input }: NodeProto,
  label: string,
  families: readonly OperatorFamily[],
): Reader {
  const isOwn = domain === '' || domain === 'ai.onnx';
  const found = [{ readers: READERS }, ...families].find(({ readers }) => readers.has(opType));
  if (isOwn && found) return found.readers.get(opType)!;
  const family = (Object.keys(FAMILIES) as FamilyName[]).find(name =>
    (FAMILIES[name] as readonly string[]).includes(opType),
  );
  throw unsupported(
    label,
    'an operator that is piecewise affine, or constant',
    `'${domain === '' ? '' : `${domain}.`}${opType}'`,
    isOwn && family && families.every(({ name }) => name !== family)
      ? takeIn(family)
      : input[0]
        ? `Stop before it: readModel(bytes, { at: '${input[0]}' }).`
        : 'See the list in the README of @police/onnx-import.',
  );
}
