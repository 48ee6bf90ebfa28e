import { type Certificate, certificateFlaw, certify, type RegionProof } from '@police/core';
import { type DemandReport, demandLines, demandReports } from '../demand-file.js';
import { EXIT } from '../exit-codes.js';
import { readJson } from '../files.js';
import {
  HALF_SENTENCE,
  type InferenceBound,
  inferenceSentence,
  largestInferenceError,
  largestOf,
  overflowIn,
  overflowSentence,
} from '../inference-bound.js';
import { Memory } from '../memory.js';
import { type ModelOptions, readModelFile } from '../model.js';
import { unreadSentence } from '../patch-report.js';
import { assertProofWritable, type ProofOptions, writeProof } from '../proof-file.js';
import type { RegionOptions, RegionSource } from '../regions/sources.js';
import { readRegions } from '../regions.js';
import { differenceSentence, replayOrThrow } from '../replay-command.js';
import { runSentence, shortNumber, table } from '../report.js';
import { type Terminal, talkOf } from '../terminal.js';

/** Without regions the inputs of the property are what is proved. */
export interface VerifyOptions extends ModelOptions, RegionOptions, ProofOptions {
  readonly certificate?: string;
  readonly memory?: number;
  readonly run?: boolean;
  /** Points of each region to run at. */
  readonly samples?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `police verify`: proves a model affine on the regions anew, and a certificate right or wrong. */
export async function verifyCommand(
  path: string,
  options: VerifyOptions,
  terminal: Terminal,
): Promise<number> {
  const talk = talkOf(terminal, {
    isQuiet: options.quiet === true,
    isJson: options.json === true,
    isResultOnStderr: options.proof === '-',
  });
  await assertProofWritable(options);
  const { bytes, model } = await readModelFile(path, options, terminal);
  const limit = new Memory(options);
  const limits = { size: model.network.inputSize, memory: limit };
  const regions = await readRegions(sourcesOf(options), limits, terminal);
  const memory = { memory: limit.left };
  const finish = (isCertified: boolean, json: object, lines: readonly string[]): number => {
    talk.settle();
    if (options.json) terminal.stdout.write(`${JSON.stringify({ certified: isCertified, ...json })}\n`);
    for (const line of lines) talk.say(line);
    return isCertified ? EXIT.done : EXIT.notCertified;
  };

  const proof = certify(model.network, regions, { progress: talk.stage('verify'), ...memory });
  if (!proof.certified) {
    const { layer, unit, region, margin, points } = proof;
    const rows = points
      ? [0, 1].map(i => Array.from(points.data.subarray(i * points.cols, (i + 1) * points.cols)))
      : [];
    return finish(false, { layer, unit, region, margin, points: rows }, [
      `NOT certified: unit ${unit} of '${layer}' may bend on region ${region}, short of its kink by ${shortNumber(-margin)}.`,
      ...rows.map(
        (row, i) =>
          `  ${i === 0 ? 'lowest' : 'highest'} at [${row.slice(0, 8).map(shortNumber).join(', ')}${row.length > 8 ? ', …' : ''}]`,
      ),
    ]);
  }
  const overflow = overflowIn(proof, model.arithmetic);
  if (overflow) return finish(false, overflow, [`NOT certified: ${overflowSentence(overflow)}.`]);
  let demands: readonly DemandReport[] = [];
  if (options.certificate) {
    const certificate = await readJson(options.certificate, terminal, limit);
    const flaw = certificateFlaw(certificate, model.network, regions, bytes, memory);
    // Without a flaw it is one, and all it says was derived anew.
    if (!flaw) demands = demandReports((certificate as Certificate).regions);
    if (flaw) return finish(false, { flaw }, [`The certificate does NOT hold. ${flaw}`]);
  }
  const replayed = options.run
    ? await replayOrThrow(bytes, model, regions, proof.regions, options)
    : undefined;
  if (replayed?.difference) {
    const { difference } = replayed;
    return finish(false, { difference }, [differenceSentence(difference)]);
  }
  const written = await writeProof({ path, bytes, model, regions, proof }, options, {
    talk,
    terminal,
    memory: limit,
  });
  const isHalf = model.arithmetic === 'float16';
  const bounds = proof.regions.map(boundOf);
  return finish(
    true,
    {
      guaranteedTensor: model.guaranteedTensor,
      unread: model.unread,
      layers: proof.layers,
      ...(proof.regions.some(({ unread }) => unread)
        ? { mayBend: proof.regions.map(({ unread }) => unread ?? []) }
        : {}),
      inferenceError: bounds.map(bound => (isHalf ? null : largestInferenceError(bound))),
      ...(demands.length > 0 ? { demands } : {}),
      ...(replayed ? { run: { samples: replayed.samples } } : {}),
      ...(written ? { proof: written } : {}),
      approximationError: proof.regions.map(({ approximationError }) =>
        approximationError ? largestOf(approximationError) : 0,
      ),
    },
    [
      `Certified: '${model.guaranteedTensor}' is exactly affine on ${regions.length === 1 ? 'the region' : `each of ${regions.length} regions`}${options.certificate ? ', as the certificate says' : ''}.`,
      ...(model.unread.length > 0 ? [unreadSentence(model.unread)] : []),
      '',
      ...table(
        ['layer', 'least margin'],
        proof.layers.map(({ name, smallestMargin }) => [
          name,
          Number.isFinite(smallestMargin) ? shortNumber(smallestMargin) : 'no kinks',
        ]),
      ),
      '',
      ...proof.regions.flatMap(mayBendLine),
      ...(isHalf
        ? [HALF_SENTENCE]
        : bounds.map((bound, r) => `Region ${r}: float32 inference ${inferenceSentence(bound)}.`)),
      ...demandLines(demands),
      ...(replayed ? [runSentence(replayed.samples)] : []),
    ],
  );
}

function mayBendLine({ unread = [] }: RegionProof, r: number): string[] {
  if (unread.length === 0) return [];
  const units = unread.map(({ name, units: count }) => `${count} of '${name}'`).join(', ');
  return [`Region ${r}: ${units} may bend; every path from them ends in a flat unit.`];
}

function sourcesOf({ region, property }: VerifyOptions): readonly RegionSource[] {
  return region.length > 0 || property === undefined ? region : [{ kind: 'file', path: property }];
}

/** Field by field: the map is made by being looked at, and may be as large as outputs × inputs. */
function boundOf({ inferenceError, outputReach, overflow, coarse }: RegionProof): InferenceBound {
  return {
    inferenceError: Array.from(inferenceError, error => (Number.isFinite(error) ? error : null)),
    outputReach: Array.from(outputReach),
    ...(overflow === undefined ? {} : { overflow }),
    ...(coarse === undefined ? {} : { coarse }),
  };
}
