const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** A number short enough to read at a glance. */
export function short(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 0.01 && size < 1000) return signed(value.toPrecision(3));
  const [digits, exponent] = value.toExponential(1).split('e');
  const raised = Array.from(`${Math.abs(Number(exponent))}`, digit => SUPERSCRIPTS[Number(digit)]).join('');
  return signed(`${digits} · 10${Number(exponent) < 0 ? '⁻' : ''}${raised}`);
}

/** A further term of a sum. */
export const term = (value: number, unit = ''): string =>
  `${value < 0 ? '−' : '+'} ${short(Math.abs(value))}${unit}`;

export const percent = (share: number): string => `${Math.round(100 * share)}%`;

/** With a minus sign as in print. */
export const signed = (text: string): string => text.replaceAll('-', '−');

/** A share to a tenth of a percent; all and nothing only where it is so. */
export function share(value: number): string {
  const tenths = Math.round(1000 * value);
  if (tenths === 1000 && value < 1) return 'over 99.9%';
  if (tenths === 0 && value > 0) return 'under 0.1%';
  return `${tenths / 10}%`;
}
