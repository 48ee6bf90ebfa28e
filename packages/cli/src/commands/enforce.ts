import { basename } from 'node:path';
import { certificateOfProof, certificateText, certify } from '@police/core';
import { readModel, withDataOutside } from '@police/onnx-import';
import { collectAfter } from '../collect.js';
import { demandReports } from '../demand-file.js';
import { assertOneStream, assertOptionsOfShifts, type EnforceOptions } from '../enforce-options.js';
import { enforcedModel } from '../enforced-model.js';
import { EXIT } from '../exit-codes.js';
import { isHarmful } from '../harm.js';
import { harmSentence, verdict } from '../harm-text.js';
import type { JobHashes } from '../job-hashes.js';
import { mapLines } from '../map-text.js';
import { Memory } from '../memory.js';
import { type Output, writablePaths, writeOutputs } from '../outputs.js';
import { hashesOf } from '../outside-data.js';
import { assertNoneFlipped, changesOf } from '../property/changes.js';
import { assertNoOverflow, assertProved, runOf, summaryOf } from '../proved.js';
import { assertRefitOptions } from '../refit.js';
import { type Report, reportLines } from '../report.js';
import { type Talk, type Terminal, talkOfWriting } from '../terminal.js';
import { warningsAbout } from '../warnings.js';

/** `police enforce`: reads, shifts, freezes, proves, and only then writes anything. A sweep's `job` goes into the report. */
export async function enforceCommand(
  path: string,
  options: EnforceOptions,
  terminal: Terminal,
  job?: JobHashes,
): Promise<number> {
  const talk = talkOfWriting(options, terminal);
  assertOneStream(options);
  assertOptionsOfShifts(options);
  assertRefitOptions(options);
  const outputs = await writablePaths(options);
  const limit = new Memory(options);
  const made = await enforcedModel(path, options, { terminal, talk, limit, outputs });
  const { model, regions, demands, written, harm, drift, asked, dataPath } = made;
  const memory = { memory: limit.left };

  // What is certified is what was written, read again.
  collectAfter(made.bytes);
  const whole = written.assemble();
  collectAfter(made.bytes);
  const outside = dataPath === undefined ? undefined : withDataOutside(whole, basename(dataPath));
  const file = outside?.bytes ?? whole;
  const reread = readModel(file, {
    ...model.read,
    ...(outside ? { externalData: () => outside.data } : {}),
  });
  collectAfter(made.bytes);
  const proof = certify(reread.network, regions, { progress: talk.stage('certify'), ...memory });
  assertProved(proof);
  assertNoOverflow(proof, model.arithmetic);
  const { changes, warnings } = await changesOf(
    asked.properties,
    made.compared,
    { bytes: reread.source.bytes, model: reread },
    { ...memory, run: options.run !== false },
  );
  if (!options.allowViolation) assertNoneFlipped(changes);
  const certificate = certificateOfProof(reread.network, proof, regions, reread.source.bytes, {
    demands,
    ...memory,
    ...(options.map === true ? { map: true } : {}),
  });
  const run = options.run === false ? undefined : await runOf(reread.source.bytes, reread, regions, proof);
  talk.settle();

  const sentence = verdict(harm, adviceFor(options));
  const report: Report = {
    ...(job ? { job: { ...job, ...hashesOf(file, outside?.data) } } : {}),
    model: path,
    regions: regions.length,
    guaranteed: { guaranteedTensor: model.guaranteedTensor, tail: model.tail },
    certified: true,
    shifts: written.shifts,
    ...(written.refit ? { refit: written.refit } : {}),
    sharing: written.sharing,
    ...(written.fade ? { fade: written.fade } : {}),
    ...summaryOf(certificate, model.arithmetic === 'float16'),
    ...(options.demand ? { demands: demandReports(certificate.regions) } : {}),
    edits: written.edits,
    ...(drift ? { drift } : {}),
    ...(run && 'samples' in run ? { run } : {}),
    ...(changes.length > 0 ? { properties: changes } : {}),
    harm,
    verdict: sentence,
    warnings: [
      ...warningsAbout(written.shifts, regions.length, {
        ...options,
        sharing: written.sharing.chosen,
        isFaded: written.fade !== undefined,
      }),
      ...(run && 'warning' in run ? [run.warning] : []),
      ...(isHarmful(harm) ? [sentence] : []),
      ...asked.warnings,
      ...warnings,
    ],
  };
  const files: Output[] = [
    { path: options.output, content: file },
    ...(dataPath !== undefined && outside ? [{ path: dataPath, content: outside.data }] : []),
  ];
  if (options.certificate) {
    files.push({ path: options.certificate, content: certificateText(certificate) });
  }
  // Last, so that a report says that all is there.
  if (options.report) files.push({ path: options.report, content: `${JSON.stringify(report, null, 2)}\n` });
  await writeOutputs(files, terminal, options.force === true);
  tell(talk, terminal, report, options, [
    `Written: ${files.map(({ path: name }) => name).join(', ')}.`,
    ...proof.regions.flatMap((region, r) => [
      `On region ${r} y = A x + b:`,
      ...mapLines(() => region.map, options.certificate, certificate, model.outputSize, model.inputSize),
    ]),
    harmSentence(harm),
    `Verdict: ${sentence}.`,
  ]);
  return EXIT.done;
}

/** What would change less, and is not in force. */
function adviceFor({ policy, fade, refit, distil }: EnforceOptions): string[] {
  return [
    ...(fade === undefined && !refit ? ['--fade 0.1'] : []),
    ...(fade === undefined ? [] : ['a smaller --fade']),
    ...(fade === undefined && !refit ? ['--refit'] : []),
    ...(refit && distil === undefined ? ['--distil'] : []),
    '--method patch',
    ...(policy === 'minimal' ? [] : ['--policy minimal']),
    'a smaller region',
    'training under the constraint',
  ];
}

function tell(
  talk: Talk,
  { stdout }: Terminal,
  report: Report,
  { json }: EnforceOptions,
  end: readonly string[],
): void {
  for (const warning of report.warnings) talk.warn(warning);
  if (json) stdout.write(`${JSON.stringify(report)}\n`);
  for (const line of [...reportLines(report), '', ...end]) talk.say(line);
}
