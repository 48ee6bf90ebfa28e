import { type Harm, isHarmful } from './harm.js';
import { shortNumber } from './report.js';

export function harmSentence(harm: Harm): string {
  const { of, points, decisionsChanged, outputsChanged, largestChange, outputs } = harm;
  const share = (count: number) => `${count} (${((100 * count) / points).toFixed(1)}%)`;
  const decisions = outputs > 1 ? `another decision on ${share(decisionsChanged)}, ` : '';
  return `On ${points} ${of}: ${decisions}another output on ${share(outputsChanged)}, by ${shortNumber(largestChange)} at most.`;
}

/** One sentence on what the change costs; `advice` is what would do better and is not in force. */
export function verdict(harm: Harm, advice: readonly string[]): string {
  const { decisionsChanged, outputsChanged, outputs, points } = harm;
  if (outputsChanged === 0) return 'nothing changed on them';
  if (outputs === 1) return 'one output makes no decision: whether that is much is for you to say';
  const share = `${((100 * decisionsChanged) / points).toFixed(1)}% of decisions changed`;
  if (!isHarmful(harm)) return decisionsChanged === 0 ? 'no decision changed' : share;
  const last = advice.at(-1)!;
  return `${share}; ${[...advice.slice(0, -1), `or ${last}`].join(', ')} would keep more`;
}
