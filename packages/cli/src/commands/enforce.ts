import { basename } from 'node:path';
import { certificateOfProof, certificateText, certify, drift, forward } from '@police/core';
import { multiplyAdds } from '@police/core/adapter';
import { readModel, withDataOutside } from '@police/onnx-import';
import { demandReports, readDemands } from '../demand-file.js';
import { domainPoints } from '../domain.js';
import { assertOneStream, assertOptionsOfShifts, type EnforceOptions } from '../enforce-options.js';
import { EXIT } from '../exit-codes.js';
import { fadedModel } from '../faded-model.js';
import { harmOn, isHarmful, pointsWorth } from '../harm.js';
import { harmSentence, verdict } from '../harm-text.js';
import type { JobHashes } from '../job-hashes.js';
import { mapLines } from '../map-text.js';
import { Memory } from '../memory.js';
import { readModelFile } from '../model.js';
import { type Output, writablePaths, writeOutputs } from '../outputs.js';
import { dataPathFor, hashesOf } from '../outside-data.js';
import { assertNoneFlipped, changesOf, propertiesIn } from '../property/changes.js';
import { assertNoOverflow, assertProved, runOf, summaryOf } from '../proved.js';
import { assertRefitOptions } from '../refit.js';
import { regionWords } from '../regions/sources.js';
import { readRegions } from '../regions.js';
import { type Report, reportLines } from '../report.js';
import { readSamples } from '../samples.js';
import { shiftedModel } from '../shifted-model.js';
import { readTarget } from '../target.js';
import { type Talk, type Terminal, talkOfWriting } from '../terminal.js';
import { warningsAbout } from '../warnings.js';

/** A map while it is made, and its rows as arrays. */
const BYTES_PER_MAP_ENTRY = 40;

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
  const read = await readModelFile(path, options, terminal);
  const { model } = read;
  const dataPath = await dataPathFor(model.source.isExternal, options, outputs);
  const limit = new Memory(options);
  const regions = await readRegions(
    options.region,
    { size: model.network.inputSize, memory: limit },
    terminal,
  );
  const samples = options.data
    ? await readSamples(options.data, model.network.inputSize, terminal)
    : undefined;
  const asked = await propertiesIn(options.region, read, limit, terminal);
  const memory = { memory: limit.left };

  const domain = options.domain
    ? await readRegions(
        [regionWords(options.domain)],
        { size: model.network.inputSize, memory: limit },
        terminal,
      )
    : undefined;
  const target = options.target
    ? await readTarget(options.target, model.network.outputSize, terminal, limit)
    : undefined;
  const demands = await readDemands(options.demand, regions.length, terminal, limit);
  if (options.map === true) {
    const { inputSize, outputSize } = model.network;
    const bytes = BYTES_PER_MAP_ENTRY * inputSize * outputSize * regions.length;
    limit.assertFits(bytes, '--map', 'maps, outputs × inputs × regions,');
  }
  const written =
    options.fade === undefined
      ? await shiftedModel(model, regions, options, { samples, domain, target, demands, talk, ...memory })
      : fadedModel(model, regions, options.fade, { progress: talk.stage('fade'), ...memory });
  // What is certified is what was written, read again.
  const outside = dataPath === undefined ? undefined : withDataOutside(written.bytes, basename(dataPath));
  const file = outside?.bytes ?? written.bytes;
  const reread = readModel(file, {
    ...model.source.options,
    ...(outside ? { externalData: () => outside.data } : {}),
  });
  const proof = certify(reread.network, regions, { progress: talk.stage('certify'), ...memory });
  assertProved(proof);
  assertNoOverflow(proof, model.arithmetic);
  const { changes, warnings } = await changesOf(
    asked.properties,
    read,
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
  const { fitted } = written;
  // What was fitted on says little of what was not.
  const judged = fitted && samples ? fitted.fit.heldOut : samples;
  const kind = fitted ? 'held out samples' : 'samples';
  const work = multiplyAdds(model.network) + multiplyAdds(written.network);
  const harm = await harmOn(
    judged
      ? { points: judged, of: `${kind} of ${options.data}` }
      : domainPoints(regions, domain, count => pointsWorth(work, count)),
    work,
    points => forward(model.network, points),
    points => forward(written.network, points),
    options.decision,
  );
  talk.settle();

  const sentence = verdict(harm, adviceFor(options));
  const report: Report = {
    ...(job ? { job: { ...job, ...hashesOf(file, outside?.data) } } : {}),
    model: path,
    regions: regions.length,
    guaranteed: { guaranteedTensor: model.guaranteedTensor, tail: model.tail },
    certified: true,
    shifts: written.shifts,
    ...(fitted ? { refit: fitted.report } : {}),
    sharing: written.sharing,
    ...(written.fade ? { fade: written.fade } : {}),
    ...summaryOf(certificate, model.arithmetic === 'float16'),
    ...(options.demand ? { demands: demandReports(certificate.regions) } : {}),
    edits: written.edits,
    ...(judged
      ? { drift: { ...drift(model.network, written.network, judged, options), samples: judged.rows } }
      : {}),
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
  const { inputSize, outputSize } = model.network;
  tell(talk, terminal, report, options, [
    `Written: ${files.map(({ path: name }) => name).join(', ')}.`,
    ...proof.regions.flatMap((region, r) => [
      `On region ${r} y = A x + b:`,
      ...mapLines(() => region.map, options.certificate, certificate, outputSize, inputSize),
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
