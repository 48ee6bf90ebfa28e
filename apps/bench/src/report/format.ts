import type { Quartiles } from '@police/common/statistics';

/** Three digits: 0.0123, 1.23, 12.3, 123, 12,300. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return `${Number(value.toPrecision(3))}`;
}

/** Median, and the quartiles in brackets. */
export const ratioText = ({ median, q1, q3 }: Quartiles): string =>
  `×${median.toFixed(2)} (${q1.toFixed(2)}–${q3.toFixed(2)})`;

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
