/*
 * The temperature of a rod whose ends lie in ice, from few noisy sensors: u solves the heat equation u_t = κ u_xx with u = 0 at both ends, and
 * the network's ends are 0 exactly, where a penalty would leave them warm.
 *
 * The ends of the rod are flat regions, {0} × [0, 1] and {1} × [0, 1] of (x, t). A demand on each: u is 0 at two of its points. What is
 * affine on a segment and 0 at two points of it is 0 all along it; the slope into the rod is left to training.
 */
import { box, demands } from '@police/core';
import { constrain, freeze } from '@police/tfjs/all';
import {
  denseNetwork,
  isMain,
  meanSquare,
  normal,
  regression,
  seededRng,
  tf,
  train,
  valuesAt,
} from './training.mjs';

const DIFFUSIVITY = 0.1;
const NOISE = 0.1;

export const regions = [box([0, 0], [0, 1]), box([1, 0], [1, 1])];
export const target = [0, 1].map(x =>
  demands.through([
    { x: [x, 0], y: [0] },
    { x: [x, 1], y: [0] },
  ]),
);

/** Two waves at the start, each fading at its own rate. */
const solution = ([x, t]) =>
  [1, 2].reduce(
    (u, k) => u + (Math.exp(-DIFFUSIVITY * (k * Math.PI) ** 2 * t) * Math.sin(k * Math.PI * x)) / k,
    0,
  );

/** The same network with ends that are held and without, on the same readings. */
export async function trained({ steps = 1500, sensors = 150, seed = 5 } = {}) {
  const rng = seededRng(seed);
  const places = Array.from({ length: sensors }, () => [rng(), rng()]);
  const readings = places.map(place => solution(place) + NOISE * normal(rng));
  const loss = () => regression(places, readings, 32, seededRng(seed + 1));
  const free = denseNetwork(2, 20, 'tanh', seed);
  await train(free, { steps, loss: loss() });
  const held = constrain(denseNetwork(2, 20, 'tanh', seed), {
    regions,
    method: 'patch',
    target,
    steepness: 3,
  });
  await train(held, { steps, loss: loss() });
  const frozen = freeze(held);
  const rod = Array.from({ length: 2000 }, () => [rng(), rng()]);
  const ends = Array.from({ length: 2000 }, (_, i) => [i % 2, rng()]);
  const summary = model => ({
    error: Math.sqrt(meanSquare(valuesAt(model, rod).map((u, i) => u - solution(rod[i])))),
    ends: Math.max(...valuesAt(model, ends).map(Math.abs)),
  });
  return { proved: frozen.demands, maps: frozen.maps, free: summary(free), held: summary(frozen.model) };
}

if (isMain(import.meta.url)) {
  await tf.setBackend('cpu');
  const { proved, free, held } = await trained();
  console.log(`Both ends proved to be 0 to within ${Math.max(...proved.map(({ residual }) => residual))}.`);
  for (const [title, { error, ends }] of Object.entries({ free, held }))
    console.log(
      `${title}: off the solution by ${error.toExponential(2)}, at the ends by ${ends.toExponential(2)} at most`,
    );
}
