/** A decimal as people write it: `-1.25e-3`, `.5`, `1.`, `+3`. */
const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** A decimal as both versions of VNN-LIB define it. */
const STANDARD = /^-?\d+(?:\.\d+)?$/;

/** Digits of the longest decimal read: float64's least number written out has 1,075. */
export const MOST_DIGITS = 1200;

/**
 * A decimal in the standards' form, digits with at most a point and a minus; exponents are written out. `'too-large'` for
 * one of more than `MOST_DIGITS` digits, undefined for what is no decimal.
 */
export function standardDecimal(text: string): string | 'too-large' | undefined {
  if (STANDARD.test(text)) return text.length > MOST_DIGITS + 2 ? 'too-large' : text;
  const parts = DECIMAL.exec(text);
  if (!parts || (parts[2] === '' && !parts[3])) return undefined;
  const [, sign, whole, fraction = '', exponent = '0'] = parts;
  const shift = Number(exponent);
  if (whole.length + fraction.length + Math.abs(shift) > MOST_DIGITS) return 'too-large';
  return (sign === '-' ? '-' : '') + shifted(whole || '0', fraction, shift, text.includes('.'));
}

/** `whole.fraction · 10^shift`; a number written with a point keeps one. */
function shifted(whole: string, fraction: string, shift: number, hasPoint: boolean): string {
  if (shift < 0) {
    const padded = whole.padStart(1 - shift, '0');
    return `${padded.slice(0, shift)}.${padded.slice(shift)}${fraction}`;
  }
  const digits = fraction.padEnd(shift, '0');
  const moved = withoutLeadingZeros(whole + digits.slice(0, shift));
  const rest = digits.slice(shift);
  return rest !== '' ? `${moved}.${rest}` : hasPoint ? `${moved}.0` : moved;
}

function withoutLeadingZeros(digits: string): string {
  return digits.replace(/^0+(?=\d)/, '');
}
