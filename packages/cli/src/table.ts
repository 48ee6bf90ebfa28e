/** Rows of columns, padded; numbers right, text left. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const cells = [head, ...rows.map(row => row.map(formatted))];
  const widths = head.map((_, k) => cells.reduce((most, row) => Math.max(most, row[k].length), 0));
  const isNumeric = head.map((_, k) => rows.every(row => typeof row[k] === 'number'));
  return cells.map(row =>
    row
      .map((cell, k) => (isNumeric[k] ? cell.padStart(widths[k]) : cell.padEnd(widths[k])))
      .join('  ')
      .trimEnd(),
  );
}

function formatted(value: string | number): string {
  if (typeof value === 'string') return value;
  return Number.isInteger(value) ? `${value}` : shortNumber(value);
}

/** Four significant digits. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return '0';
  return size >= 1e-3 && size < 1e6 ? `${Number(value.toPrecision(4))}` : value.toExponential(2);
}
