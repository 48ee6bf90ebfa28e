import { squareWindow } from './grid.js';
import { normal, seededRng } from './random.js';
import type { Task } from './task.js';

const PETALS = 10;
const PETAL_DEPTH = 0.2;
/** The outer class is the inner one, this much larger. */
const GROWTH = 1.3;
const NOISE = 0.025;

/** The classification of the paper's Fig. 1: two flowers, one in the other, `samples` noisy points on each. */
export function flowerTask(samples: number, seed: number): Task {
  const random = seededRng(seed);
  const points = new Float32Array(4 * samples);
  for (let i = 0; i < samples; i++) {
    const angle = (2 * Math.PI * i) / (samples - 1);
    const radius = 1 + PETAL_DEPTH * Math.cos(PETALS * angle);
    const inner = [Math.cos(angle) * radius, Math.sin(angle) * radius];
    points.set([...inner, ...inner.map(x => x * GROWTH)], 4 * i);
  }
  for (let i = 0; i < points.length; i++) points[i] += NOISE * normal(random);
  const values = Float32Array.from({ length: 2 * samples }, (_, i) => i % 2);
  return { name: 'flower', window: squareWindow(1.8), points, values, outputs: 1, loss: 'logistic' };
}
