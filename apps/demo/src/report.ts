import type { DemoOptions } from './options.js';

export interface DemoResult {
  readonly regions: readonly string[];
  readonly options: DemoOptions;
  readonly steps: number;
  /** Shares of the test images. */
  readonly accuracy: { readonly unconstrained: number; readonly constrained: number; readonly onnx: number };
  readonly probePoints: number;
  /** Largest affine residual, region by region. */
  readonly residuals: Readonly<Record<string, readonly number[]>>;
  readonly largestLogit: number;
  readonly units: number;
  readonly shiftedUnits: number;
  /** Shifts that the frozen network would still need: 0. */
  readonly shiftsStillNeeded: number;
  /** Whether one affine map holds on all regions. */
  readonly mapsCoincide: boolean;
  /** Least distance of any unit to its kink over the regions, rounding bound deducted. */
  readonly smallestMargin: number;
  readonly logitMargin: {
    readonly label: number;
    readonly against: number;
    readonly exact: number;
    readonly onnxAtWorstPoint: number;
    readonly sampled: number;
    readonly samples: number;
  };
  readonly msPerStep: {
    readonly stock: number;
    readonly unconstrained: number;
    readonly constrained: number;
  };
  readonly seconds: number;
  readonly files: { readonly onnx: string; readonly report: string };
}

/** The result as people read it. */
export function reportText(r: DemoResult): string {
  const percent = (share: number) => `${(100 * share).toFixed(2)}%`;
  const residualWidth = Math.max(...Object.keys(r.residuals).map(name => name.length)) + 2;
  const { exact, sampled, label, against, onnxAtWorstPoint, samples } = r.logitMargin;
  const ms = r.msPerStep;
  const lines = [
    '',
    `Test accuracy      unconstrained ${percent(r.accuracy.unconstrained)}   constrained ${percent(r.accuracy.constrained)}   frozen, in ONNX Runtime ${percent(r.accuracy.onnx)}`,
    `Units shifted      ${r.shiftedUnits} of ${r.units}; after freezing ${r.shiftsStillNeeded} still need a shift; ${r.mapsCoincide ? 'one affine map holds on both regions' : 'each region has its own affine map'}`,
    `Proof              over both regions every unit stays ${r.smallestMargin.toExponential(1)} or more off its kink, rounding counted`,
    '',
    `Affine residual    largest |f(midpoint) − mean of the ends| on ${r.probePoints} points of each region; logits up to ${r.largestLogit.toFixed(0)}`,
    `  ${''.padEnd(residualWidth)}${r.regions.map((_, i) => `region ${i + 1}`.padStart(10)).join('')}`,
    ...Object.entries(r.residuals).map(
      ([name, values]) =>
        `  ${name.padEnd(residualWidth)}${values.map(v => v.toExponential(1).padStart(10)).join('')}`,
    ),
    '',
    `Logit margin       of the ${label} over the nearest other class, everywhere in the box:`,
    `  exact worst case, from the affine map     ${exact.toFixed(4)} (against ${against}); the frozen model at that point: ${onnxAtWorstPoint.toFixed(4)}`,
    `  ${`worst of ${samples} random points`.padEnd(41)} ${sampled.toFixed(4)}`,
    '',
    `Time per step      unconstrained, stock TensorFlow.js ${ms.stock.toFixed(1)} ms; unconstrained, this adapter ${ms.unconstrained.toFixed(1)} ms; constrained ${ms.constrained.toFixed(1)} ms`,
    `Total              ${r.steps} steps each, ${r.seconds.toFixed(0)} s`,
    '',
    `Files              ${r.files.onnx}`,
    `                   ${r.files.report}`,
  ];
  return lines.join('\n');
}
