import { expect, test } from 'vitest';
import { figures } from '../src/figures/index.js';
import { readOptions } from '../src/options.js';
import { scales } from '../src/settings.js';
import { rateAt } from '../src/training.js';

const names = figures.map(({ name }) => name);

test('all figures at full scale, unless asked otherwise', () => {
  expect(readOptions([])).toMatchObject({ figures, scale: scales.full, seed: 1 });
  expect(readOptions(['--quick', '--figures', 'image,disc', '--seed', '7', '--out', 'here'])).toMatchObject({
    figures: figures.filter(({ name }) => name === 'image' || name === 'disc'),
    scale: scales.quick,
    seed: 7,
    out: 'here',
  });
});

test('an unknown figure is refused with the names there are', () => {
  expect(() => readOptions(['--figures', 'disc,spirals'])).toThrow(
    `--figures: expected of ${names.join(', ')}, got 'spirals'.`,
  );
});

test.each([
  [['--scale', 'huge'], "--scale: expected one of full, medium, quick, got 'huge'."],
  [['--seed', '-1'], '--seed'],
  [['--seed=1.5'], "--seed: expected a whole number of at least 0, got '1.5'."],
  [['--quick', '--scale', 'full'], 'leave out --scale'],
  [['--fast'], '--fast'],
])('%j is refused', (args, message) => {
  expect(() => readOptions(args)).toThrow(message);
});

test('--help names every figure and option', () => {
  const { help } = readOptions(['--help']) as { help: string };
  for (const word of [...names, '--figures', '--scale', '--quick', '--seed', '--out', '--cache']) {
    expect(help).toContain(word);
  }
});

test("the rate falls to 0.3 of itself after each third of the paper's steps", () => {
  const setup = scales.full.regression;
  const rates = [0, 665, 666, 1331, 1332].map(step => rateAt(setup, step) / setup.rate);
  [1, 1, 0.3, 0.3, 0.09].forEach((rate, i) => {
    expect(rates[i]).toBeCloseTo(rate, 12);
  });
});
