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

export interface Column {
  readonly head: string;
  readonly cells: readonly string[];
}

/** More columns side by side than a page shows without scrolling are none that anybody reads. */
const WIDEST = 7;

/** The columns as one table of at most seven, and what is left behind a fold, each table led by the first two columns. */
export function foldedTable(columns: readonly Column[]): string {
  const shown = columns.slice(0, WIDEST);
  const more: Column[][] = [];
  for (let at = WIDEST; at < columns.length; at += WIDEST - 2)
    more.push([...columns.slice(0, 2), ...columns.slice(at, at + WIDEST - 2)]);
  if (more.length === 0) return tableOf(shown);
  return [
    ...[tableOf(shown), '', '<details><summary>more</summary>', ''],
    ...more.flatMap(part => [tableOf(part), '']),
    '</details>',
  ].join('\n');
}

const tableOf = (columns: readonly Column[]): string =>
  table(
    columns.map(({ head }) => head),
    columns[0].cells.map((_, row) => columns.map(({ cells }) => cells[row])),
  );
