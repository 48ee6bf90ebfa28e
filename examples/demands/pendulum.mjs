/*
 * A pendulum's controller, trained by imitation, that provably stabilises the upright point from a box around it.
 *
 *   θ′ = ω,  ω′ = (g/l) sin θ − c ω + u,  u = f(θ, ω), θ = 0 upright.
 *
 * On the box |θ| ≤ 0.5, |ω| ≤ 2 the sine is s θ for some s between sin(0.5)/0.5 and 1, which may change from moment to moment. So the true
 * pendulum always moves as some mixture of two linear plants does, and one quadratic form xᵀPx that falls along both falls along it. The
 * demand: f(0, 0) = 0, and both loops decay in P. Every start in the largest ellipse {xᵀPx ≤ c} of the box then ends upright, for certain.
 */
import { writeFile } from 'node:fs/promises';
import { boxAround, demands, lyapunovMatrix } from '@police/core';
import { constrain, freeze } from '@police/tfjs/all';
import { phasePortrait } from './phase-portrait.mjs';
import { denseNetwork, isMain, normal, regression, seededRng, tf, train, valuesAt } from './training.mjs';

const GRAVITY = 9.81;
const FRICTION = 0.1;
const STRONGEST = 14;
export const BOX = { theta: 0.5, omega: 2 };

/** What is imitated: a torque that a person gives, of limited strength and with a hand that trembles. */
const expert = (theta, omega) =>
  Math.max(-STRONGEST, Math.min(STRONGEST, -13 * Math.sin(theta) - 2.5 * omega));
const TREMBLE = 1.5;

const plant = s => ({
  F: [
    [0, 1],
    [GRAVITY * s, -FRICTION],
  ],
  G: [[0], [1]],
});
const SLOPES = [Math.sin(BOX.theta) / BOX.theta, 1];

/** Of a loop that is known to be stable: with the gains of a textbook. */
const P = lyapunovMatrix(
  [
    [0, 1],
    [GRAVITY - 13, -FRICTION - 2.5],
  ],
  { decay: 0.5 },
);

export const demand = demands.all(
  demands.hurwitz(0.5, { plants: SLOPES.map(plant), P }),
  demands.through([{ x: [0, 0], y: [0] }]),
);

export const region = boxAround([0, 0], [BOX.theta, BOX.omega]);

/** The largest c for which {xᵀPx ≤ c} lies in the box: the ellipse reaches √(c P⁻¹ᵢᵢ) along axis i. */
export function certainEllipse() {
  const [[p, q], [, r]] = P;
  const det = p * r - q * q;
  return { P, c: Math.min((BOX.theta ** 2 * det) / r, (BOX.omega ** 2 * det) / p) };
}

/** Imitates on few trembling samples; the same network with the demand and without. */
export async function trained({ steps = 1500, samples = 400, seed = 1 } = {}) {
  const rng = seededRng(seed);
  const states = Array.from({ length: samples }, () => [Math.PI * (2 * rng() - 1), 8 * (2 * rng() - 1)]);
  const torques = states.map(([theta, omega]) => expert(theta, omega) + TREMBLE * normal(rng));
  const free = denseNetwork(2, 24, 'tanh', seed);
  await train(free, { steps, loss: regression(states, torques, 64, seededRng(seed + 1)) });
  const held = constrain(denseNetwork(2, 24, 'tanh', seed), {
    regions: [region],
    method: 'patch',
    target: demand,
    steepness: 20,
  });
  await train(held, { steps, loss: regression(states, torques, 64, seededRng(seed + 1)) });
  const frozen = freeze(held);
  const checks = Array.from({ length: 2000 }, () => [Math.PI * (2 * rng() - 1), 8 * (2 * rng() - 1)]);
  const error = model =>
    Math.sqrt(
      valuesAt(model, checks).reduce((sum, u, i) => sum + (u - expert(...checks[i])) ** 2, 0) / checks.length,
    );
  return {
    free,
    held: frozen.model,
    proved: frozen.demands[0],
    map: frozen.maps[0],
    errors: { free: error(free), held: error(frozen.model) },
  };
}

/** Paths `[starts][points][θ, ω]` of the true pendulum, all at once, by Runge and Kutta's fourth-order steps. */
export function simulate(controller, starts, { seconds = 12, step = 0.02 } = {}) {
  const slope = states => {
    const torques = valuesAt(controller, states);
    return states.map(([theta, omega], i) => [
      omega,
      GRAVITY * Math.sin(theta) - FRICTION * omega + torques[i],
    ]);
  };
  const moved = (states, slopes, h) =>
    states.map(([a, b], i) => [a + h * slopes[i][0], b + h * slopes[i][1]]);
  let states = starts;
  const paths = starts.map(start => [start]);
  for (let t = 0; t < seconds; t += step) {
    const k1 = slope(states);
    const k2 = slope(moved(states, k1, step / 2));
    const k3 = slope(moved(states, k2, step / 2));
    const k4 = slope(moved(states, k3, step));
    const mean = k1.map((_, i) => [0, 1].map(d => (k1[i][d] + 2 * k2[i][d] + 2 * k3[i][d] + k4[i][d]) / 6));
    states = moved(states, mean, step);
    states.forEach((state, i) => {
      paths[i].push(state);
    });
  }
  return paths;
}

/** Starts on a grid of the box, and how far from upright the last second of each path is. */
export function offset(controller, options) {
  const grid = [-1, -0.5, 0, 0.5, 1];
  const starts = grid.flatMap(a => grid.map(b => [a * BOX.theta, b * BOX.omega]));
  const paths = simulate(controller, starts, options);
  return Math.max(...paths.map(path => Math.abs(path.at(-1)[0])));
}

export async function portrait(controllers) {
  const grid = Array.from({ length: 7 }, (_, i) => i / 3 - 1);
  const starts = grid.flatMap(a => grid.map(b => [a * 1.2, b * 4]));
  return phasePortrait(
    controllers.map(({ title, model }) => ({ title, paths: simulate(model, starts, { seconds: 8 }) })),
    { box: BOX, ellipse: certainEllipse(), extent: { theta: 1.2, omega: 4 } },
  );
}

if (isMain(import.meta.url)) {
  await tf.setBackend('cpu');
  const { free, held, proved, map, errors } = await trained();
  console.log(
    `On the box u = ${map.A.data[0].toFixed(3)} θ + ${map.A.data[1].toFixed(3)} ω + ${map.b[0]}: proved, equations to within ${proved.residual}.`,
  );
  for (const [title, model] of Object.entries({ free, held }))
    console.log(
      `${title}: off the expert by ${errors[title].toFixed(3)}, ends ${offset(model).toExponential(2)} rad from upright`,
    );
  const svg = await portrait([
    { title: 'imitation alone', model: free },
    { title: 'imitation, stable on the box', model: held },
  ]);
  if (process.argv[2]) await writeFile(process.argv[2], svg);
}
