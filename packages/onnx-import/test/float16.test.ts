import { expect, test } from 'vitest';
import { bitsOfFloat16, float16FromBits, roundToFloat16 } from '../src/float16.js';

const finite = Array.from({ length: 65536 }, (_, bits) => bits).filter(bits => ((bits >> 10) & 31) !== 31);

test('every finite half-precision value keeps its bits, and is its own nearest one', () => {
  for (const bits of finite) {
    const value = float16FromBits(bits);
    expect(bitsOfFloat16(value)).toBe(bits);
    expect(roundToFloat16(value)).toBe(value);
  }
});

test('rounding goes to the nearest value, from the middle to the even one', () => {
  const positive = finite.filter(bits => bits < 32768);
  for (const bits of positive.slice(0, -1)) {
    const [below, above] = [float16FromBits(bits), float16FromBits(bits + 1)];
    const middle = (below + above) / 2;
    expect(roundToFloat16(middle)).toBe(bits % 2 === 0 ? below : above);
    expect(roundToFloat16(-(middle + (above - below) / 64))).toBe(-above);
    expect(roundToFloat16(middle - (above - below) / 64)).toBe(below);
  }
  expect(roundToFloat16(65519.9)).toBe(65504);
  expect(roundToFloat16(65520)).toBe(Number.POSITIVE_INFINITY);
  expect(roundToFloat16(Number.NaN)).toBeNaN();
});

test('infinities and NaN', () => {
  expect([0x7c00, 0xfc00].map(float16FromBits)).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  expect(float16FromBits(0x7e00)).toBeNaN();
  expect(bitsOfFloat16(Number.POSITIVE_INFINITY)).toBe(0x7c00);
  expect(bitsOfFloat16(-0)).toBe(0x8000);
});
