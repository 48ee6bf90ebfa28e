import type { PoliceError } from '@police/core';

/** Advice of the libraries, which speaks of calls and options, and what it means for who runs the command. */
interface Rule {
  readonly says: RegExp;
  readonly flag?: string;
  readonly remedy: string;
  /** Where the flag is given already. */
  readonly inForce?: string;
}

const RULES: readonly Rule[] = [
  {
    says: /Allow more memory \(option memory, in bytes\)/,
    flag: '--memory',
    remedy: 'Allow more memory: --memory <MiB>',
    inForce: 'Raise --memory',
  },
  {
    says: /Allow more \(option limit, in bytes\)/,
    flag: '--proof-limit',
    remedy: 'Allow more: --proof-limit <MiB>',
    inForce: 'Raise --proof-limit',
  },
  {
    says: /Choose others: readModel\(.*?\)\./,
    remedy: 'Choose others: --output-name <name>.',
  },
  {
    says: /Hold the others: readModel\(.*?\)\./,
    remedy: 'Hold the others at constants: --fix name=value.npy, or name=number.',
  },
  {
    says: /Accept an error: readModel\(.*?\)\./,
    flag: '--epsilon',
    remedy: 'Accept an error: --epsilon 1e-3.',
  },
  { says: /Stop before it: readModel\(bytes, \{ at: '(.*?)' \}\)\./, remedy: "Stop before it: --at '$1'." },
  {
    says: /Give them: readModel\(.*?\)\./,
    flag: '--input-shape',
    remedy: 'Give them: --input-shape, such as 1,3,32,32.',
    inForce: 'Change --input-shape to sizes that agree.',
  },
  {
    says: /Call freeze\(network, regions\) first.*/,
    remedy: 'Run police enforce with the same regions first, and use the model it writes.',
  },
  {
    says: /Call freeze\(network, regions, \{ precision: '(\w+)' \}\) first.*/,
    flag: '--precision',
    remedy: 'Pass --precision $1.',
    inForce: 'Pass --precision $1 instead.',
  },
  { says: /Fade within less: width (\S+) at most\./, remedy: 'Fade within less: --fade $1 at most.' },
  { says: /or patch: patch\(net, regions\)\./, remedy: 'or patch: --method patch.' },
  {
    says: /Patch the network instead: patch\(net, regions\)\./,
    remedy: 'Patch the model instead: --method patch.',
  },
  {
    says: /Shift without fading, or patch the model: appendPatch\(bytes, network\)\./,
    remedy: 'Leave --fade out, or patch: --method patch.',
  },
  { says: /Pass \{ programs: .*?, or enclose/, remedy: 'Enclose' },
  { says: /pass the error you can accept, such as 1e-6, or use/, remedy: 'use' },
];

/** The error's message, its advice in terms of flags; `args` are those the command was given. */
export function inTermsOfFlags({ message }: PoliceError, args: readonly string[]): string {
  return RULES.reduce((text, { says, flag, remedy, inForce }) => {
    const isInForce = flag !== undefined && args.some(arg => arg === flag || arg.startsWith(`${flag}=`));
    return text.replace(says, isInForce ? (inForce ?? '') : remedy).trimEnd();
  }, message);
}
