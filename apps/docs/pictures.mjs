// Draws the guides' pictures from the programs in the guides themselves, into docs/figures/guides: `npm run pictures -w apps/docs`.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import * as Plot from '@observablehq/plot';
import { plotSvg, png } from '@police/common/plot';
import { fit } from './fit.mjs';
import { blocksOf, runPage } from './program.mjs';

const figures = fileURLToPath(new URL('../../docs/figures/guides', import.meta.url));

const BLUE = '#2563a8';
const ORANGE = '#d9730d';
const INK = '#222';
const style = { fontFamily: 'sans-serif', fontSize: '12px', background: 'white', color: INK };

const pictures = {
  'physics-prior': async () => {
    const page = 'guides/physics-prior';
    const names = ['plain', 'measured', 'y', 'x', 'acceleration', 'law', 'tf'];
    const { plain, measured, y, acceleration, law, tf, x } = await runPage(page, names);
    const free = await fit({ x, y, units: [32, 32], alpha: 0.01, epochs: 60, batchSize: 64, rate: 0.01 });
    const angles = Array.from({ length: 241 }, (_, i) => -1.2 + i / 100);
    const states = tf.tensor2d(angles.map(angle => [angle, 0]));
    const line = (values, kind) => angles.map((angle, i) => ({ angle, value: values[i], kind }));
    const near = measured.map(([angle, speed], i) => ({ angle, speed, value: y.dataSync()[i] }));
    return plot({
      width: 640,
      height: 360,
      x: { label: 'angle, rad →', domain: [-1.2, 1.2] },
      y: { label: '↑ acceleration at rest, rad/s²', domain: [-10.5, 10.5], grid: true },
      marks: [
        Plot.rectX([0], { x1: -0.2, x2: 0.2, fill: BLUE, fillOpacity: 0.1 }),
        Plot.text([[0, 10]], { text: ['the law'], fill: BLUE }),
        Plot.dot(
          near.filter(({ angle, speed }) => Math.abs(angle) < 1.2 && Math.abs(speed) < 1),
          {
            x: 'angle',
            y: ({ value, speed }) => value - law.A.data[1] * speed,
            r: 2,
            fill: '#888',
          },
        ),
        Plot.line(
          line(
            angles.map(angle => acceleration([angle, 0])),
            'truth',
          ),
          { x: 'angle', y: 'value', stroke: INK, strokeDasharray: '3,3' },
        ),
        Plot.line(line(free.predict(states).dataSync()), {
          x: 'angle',
          y: 'value',
          stroke: ORANGE,
          strokeWidth: 1.5,
        }),
        Plot.line(line(plain.predict(states).dataSync()), {
          x: 'angle',
          y: 'value',
          stroke: BLUE,
          strokeWidth: 2,
        }),
        Plot.text(
          [
            [0.5, 8.6, 'with the prior', BLUE],
            [0.5, 7.2, 'without', ORANGE],
            [0.5, 5.8, 'truth (dashed)', INK],
          ],
          { x: '0', y: '1', text: '2', fill: '3', textAnchor: 'start' },
        ),
      ],
    });
  },
  'robust-classification': async () => {
    const names = ['points', 'classes', 'input', 'plain', 'worstPoint', 'tf'];
    const { points, classes, input, plain, worstPoint, tf } = await runPage(
      'guides/robust-classification',
      names,
    );
    const probability = at =>
      plain
        .predict(tf.tensor2d(at))
        .dataSync()
        .filter((_, i) => i % 2 === 0);
    const window = { x: [-1.5, 2.5], y: [-1.1, 1.6] };
    return plot({
      width: 640,
      height: 440,
      color: { type: 'linear', domain: [0, 1], range: ['#f6c28b', '#a9c8ec'] },
      x: { label: null, domain: window.x },
      y: { label: null, domain: window.y },
      marks: [
        contour(window, probability, { fill: 'value', thresholds: 10, strokeOpacity: 0 }),
        contour(window, probability, { stroke: INK, thresholds: [0.5], strokeWidth: 1.5 }),
        Plot.dot(points, { x: '0', y: '1', r: 2, fill: (_, i) => (classes[i] ? ORANGE : BLUE) }),
        Plot.rect([input], {
          x1: input[0] - 0.2,
          x2: input[0] + 0.2,
          y1: input[1] - 0.2,
          y2: input[1] + 0.2,
          stroke: INK,
          strokeWidth: 2,
        }),
        Plot.dot([input], { x: '0', y: '1', r: 4, fill: INK }),
        Plot.dot([worstPoint], { x: '0', y: '1', r: 5, stroke: INK, fill: 'white', strokeWidth: 2 }),
        Plot.text([worstPoint], {
          x: '0',
          y: '1',
          text: () => 'least margin',
          dy: 16,
          fill: INK,
          stroke: 'white',
          strokeWidth: 4,
        }),
      ],
    });
  },
  'implicit-shape': async () => {
    const { model, distance, tf } = await runPage('guides/implicit-shape', ['model', 'distance', 'tf']);
    const window = { x: [-1.3, 1.3], y: [-1.3, 1.3] };
    const value = at => model.predict(tf.tensor2d(at)).dataSync();
    const box = Plot.rect([0], { x1: -0.43, x2: 0.43, y1: 0.75, y2: 1, stroke: ORANGE, strokeWidth: 1.5 });
    const axes = {
      width: 400,
      height: 400,
      x: { label: null, domain: window.x },
      y: { label: null, domain: window.y },
    };
    const closer = { x: [-0.6, 0.6], y: [0.4, 1.6] };
    return beside(
      plot({
        ...axes,
        marks: [
          contour(window, at => at.map(distance), {
            stroke: '#999',
            thresholds: [0],
            strokeDasharray: '4,3',
          }),
          contour(window, value, { stroke: BLUE, thresholds: [0], strokeWidth: 2 }),
          box,
        ],
      }),
      plot({
        ...axes,
        x: { label: null, domain: closer.x },
        y: { label: null, domain: closer.y },
        marks: [
          contour(closer, value, {
            stroke: '#9db9d9',
            thresholds: Array.from({ length: 61 }, (_, i) => (i - 30) * 0.05),
          }),
          contour(closer, value, { stroke: BLUE, thresholds: [0], strokeWidth: 2 }),
          box,
        ],
      }),
    );
  },
  repair: async () => {
    const { model, tf } = await runPage('guides/repair', ['model', 'tf']);
    const fixed = await repaired();
    const window = { x: [0, 1], y: [0, 1] };
    const panel = (value, title) =>
      plot({
        width: 400,
        height: 400,
        marginTop: 34,
        x: { label: 'gap →', domain: window.x },
        y: { label: 'speed', domain: window.y },
        color: { type: 'diverging', domain: [-0.8, 0.8], pivot: 0, range: ['#d9730d', '#f7f7f7', '#2563a8'] },
        marks: [
          contour(window, value, {
            fill: 'value',
            thresholds: Array.from({ length: 33 }, (_, i) => (i - 16) / 20),
            strokeOpacity: 0,
          }),
          contour(window, value, { stroke: INK, thresholds: [-0.2], strokeWidth: 1.5 }),
          Plot.rect([0], { x1: 0, x2: 0.2, y1: 0.7, y2: 1, stroke: INK, strokeWidth: 2 }),
          Plot.text([title], { frameAnchor: 'top', text: d => d, dy: -22, fontWeight: 'bold' }),
        ],
      });
    return beside(
      panel(at => model.predict(tf.tensor2d(at)).dataSync(), 'before: blue accelerates, orange brakes'),
      panel(fixed, 'after: the line is −0.2'),
    );
  },
};

/** The network in the file that the page's commands write, as a function. */
async function repaired() {
  const { forward, matrixFromRows } = await import('@police/core');
  const { readModel } = await import('@police/onnx-import');
  const { readFile } = await import('node:fs/promises');
  const { police } = await import('./commands.mjs');
  await writeFile('brake.vnnlib', (await blocksOf('guides/repair', 'lisp'))[0]);
  for (const line of (await blocksOf('guides/repair', 'sh'))[0].trim().split('\n')) await police(line);
  const { network } = readModel(await readFile('fixed.onnx'));
  return points => forward(network, matrixFromRows(points)).data;
}

/** As SVG, with coordinates to a tenth of a pixel. */
function plot({ marks, ...options }) {
  return plotSvg({ style, marks, ...options }).replace(
    /\d+\.\d{2,}/g,
    number => `${Number(Number(number).toFixed(1))}`,
  );
}

/** Lines or bands of a function of many points over a window. */
function contour({ x, y }, valuesAt, { fill, ...options }) {
  const grid = 120;
  const along = ([from, to], i) => from + ((to - from) * i) / (grid - 1);
  const points = Array.from({ length: grid * grid }, (_, i) => [
    along(x, i % grid),
    along(y, Math.floor(i / grid)),
  ]);
  const values = Array.from(valuesAt(points));
  const channel = fill ? { fill: values } : { value: values };
  return Plot.contour(values, {
    width: grid,
    height: grid,
    x1: x[0],
    x2: x[1],
    y1: y[0],
    y2: y[1],
    ...channel,
    ...options,
  });
}

/** Two pictures as one. */
function beside(left, right) {
  const [width, height] = ['width', 'height'].map(name =>
    Number(new RegExp(`<svg[^>]* ${name}="(\\d+)"`).exec(left)[1]),
  );
  const inner = right.replace('<svg ', `<svg x="${width + 20}" `);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${2 * width + 20}" height="${height}" viewBox="0 0 ${2 * width + 20} ${height}"><rect width="100%" height="100%" fill="white"/>${left}${inner}</svg>`;
}

const home = process.cwd();
const folder = await mkdtemp(`${tmpdir()}/pictures-`);
process.chdir(folder); // pages write files beside them
try {
  for (const [name, draw] of Object.entries(pictures)) {
    if (process.argv.length > 2 && !process.argv.includes(name)) continue;
    const svg = await draw();
    // What has bands of colour is smaller in pixels.
    if (svg.length < 50_000) await writeFile(`${figures}/${name}.svg`, `${svg}\n`);
    else await writeFile(`${figures}/${name}.png`, png(svg, 1.5));
    process.stdout.write(`${name}\n`);
  }
} finally {
  process.chdir(home);
  await rm(folder, { recursive: true });
}
