import { affineRadius, type Matrix, type Network, PoliceError, rowOf } from '@police/core';
import { EXIT } from '../exit-codes.js';
import { Memory } from '../memory.js';
import { type ModelOptions, readModelFile } from '../model.js';
import { assertWritable, writeOutputs } from '../outputs.js';
import { type Norm, REGION_AROUND } from '../regions/around.js';
import { curveSvg } from '../regions/curve-svg.js';
import { type CurvePoint, curveRadii, radiiOf, radiusCurve } from '../regions/radius-curve.js';
import { shortNumber, table } from '../report.js';
import { readSamples } from '../samples.js';
import { type Terminal, talkOf } from '../terminal.js';

export interface RegionsOptions extends ModelOptions {
  readonly data: string;
  readonly norm: Norm;
  readonly radii?: string;
  readonly samples: number;
  readonly decision: 'largest' | 'smallest';
  readonly policy: 'minimal' | 'majority';
  readonly sharing: 'per-unit' | 'per-channel';
  readonly svg?: string;
  readonly memory?: number;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** How far around a sample a model is affine as it is; null where it is so everywhere. */
interface FreeRadii {
  readonly sample: number;
  readonly box: number | null;
  readonly ball: number | null;
  /** Where the box first touches a kink; absent where it never does. */
  readonly layer?: string;
  readonly unit?: number;
}

/** `police regions`: how large the regions around samples may be for nothing, and what larger ones cost. */
export async function regionsCommand(
  path: string,
  options: RegionsOptions,
  terminal: Terminal,
): Promise<number> {
  const talk = talkOf(terminal, { isQuiet: options.quiet === true, isJson: options.json === true });
  const svg = options.svg;
  if (svg !== undefined) await assertWritable([svg], options.force === true);
  if (svg === '-' && options.json) throw twoResults();
  const radii = options.radii === undefined ? undefined : radiiOf(options.radii);
  const { model } = await readModelFile(path, options, terminal);
  const data = await readSamples(options.data, model.network.inputSize, terminal);
  const memory = new Memory(options).left;
  const centres = Array.from({ length: Math.min(options.samples, data.rows) }, (_, i) => rowOf(data, i));

  const free = freeRadii(model.network, centres, memory, talk.stage('affine', 'samples'));
  const { policy, sharing, decision, norm } = options;
  const ofNorm = free.map(({ box, ball }) => (norm === '2' ? ball : box) ?? Number.POSITIVE_INFINITY);
  const chosen = radii ?? curveRadii(ofNorm, data);
  const curve = radiusCurve(model.network, centres, data, chosen, {
    norm,
    decision,
    enforce: { policy, sharing, memory },
    progress: talk.stage('enforce', 'regions'),
  });
  talk.settle();
  if (svg !== undefined) {
    const title = `Radius of the ${NORM_NAMES[norm]} around ${centresSentence(centres, data)}`;
    await writeOutputs([{ path: svg, content: curveSvg(curve, title) }], terminal, options.force === true);
  }
  if (options.json) terminal.stdout.write(`${JSON.stringify({ samples: free, norm, curve })}\n`);
  if (svg !== '-') for (const line of linesOf(free, curve, norm, centres, data)) talk.say(line);
  return EXIT.done;
}

const NORM_NAMES: Readonly<Record<Norm, string>> = { inf: 'box', '2': 'ball', '1': 'cross-polytope' };

function freeRadii(
  network: Network,
  centres: readonly Float64Array[],
  memory: number,
  progress: (done: number, total: number) => void,
): FreeRadii[] {
  return centres.map((x, sample) => {
    const [box, ball] = (['inf', '2'] as const).map(norm =>
      affineRadius(network, REGION_AROUND[norm](x, 1), { memory }),
    );
    progress(sample + 1, centres.length);
    const finite = (radius: number) => (Number.isFinite(radius) ? radius : null);
    const { layer, unit } = box;
    return {
      sample,
      box: finite(box.radius),
      ball: finite(ball.radius),
      ...(layer === undefined ? {} : { layer, unit }),
    };
  });
}

function linesOf(
  free: readonly FreeRadii[],
  curve: readonly CurvePoint[],
  norm: Norm,
  centres: readonly Float64Array[],
  data: Matrix,
): string[] {
  const radius = (value: number | null) => (value === null ? 'any' : shortNumber(value));
  return [
    'Largest regions around each sample on which the model is affine as it is:',
    ...table(
      ['sample', 'box radius', 'ball radius', 'bends first'],
      free.map(({ sample, box, ball, layer, unit }) => [
        sample,
        radius(box),
        radius(ball),
        layer === undefined ? 'nothing' : `unit ${unit} of '${layer}'`,
      ]),
    ),
    '',
    `What enforcing costs, a ${NORM_NAMES[norm]} around ${centresSentence(centres, data)}:`,
    ...table(
      ['radius', 'units shifted', 'of all', 'decisions lost'],
      curve.map(({ radius: r, shifted, units, decisionsLost }) => [
        shortNumber(r),
        shifted,
        percent(shifted / (units || 1)),
        percent(decisionsLost),
      ]),
    ),
  ];
}

const percent = (share: number) => `${(100 * share).toFixed(2)}%`;

function centresSentence({ length }: readonly Float64Array[], { rows }: Matrix): string {
  return length === rows
    ? `each of ${rows} samples, mean`
    : `each of the first ${length} of ${rows} samples, mean`;
}

function twoResults(): PoliceError {
  return new PoliceError({
    code: 'invalid-option',
    where: 'standard output',
    expected: 'the SVG or --json',
    actual: 'both',
    remedy: 'Write the SVG to a file.',
  });
}
