/*
 * A price model that never says a larger flat is cheaper: monotone on the box of ordinary flats.
 *
 * In the records, large flats happen to stand far out and in old houses, so a network learns from noise that area does harm somewhere. Held,
 * the price on the box rises with area and falls with distance and age, whatever the records say; elsewhere it is the network's own.
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

/** Area, distance to the centre, age: each in [0, 1]. */
export const region = box([0.2, 0.2, 0.2], [0.8, 0.8, 0.8]);
export const demand = demands.monotone([[1, -1, -1]]);

const price = ([area, distance, age]) =>
  1 + 1.2 * area - 0.9 * distance - 0.25 * Math.sqrt(age) + 0.3 * area * (1 - distance);
const NOISE = 0.35;

/** Flats on record: the larger, the farther out and the older. */
function records(count, rng) {
  const rows = Array.from({ length: count }, () => {
    const area = rng();
    const near = spread => Math.max(0, Math.min(1, area + spread * normal(rng)));
    return [area, near(0.12), near(0.25)];
  });
  return { rows, prices: rows.map(row => price(row) + NOISE * normal(rng)) };
}

/** The same network with the demand and without, on few noisy records. */
export async function trained({ steps = 1500, samples = 120, seed = 3 } = {}) {
  const rng = seededRng(seed);
  const { rows, prices } = records(samples, rng);
  const options = { steps, loss: regression(rows, prices, 32, seededRng(seed + 1)) };
  const free = denseNetwork(3, 24, 'relu', seed);
  await train(free, options);
  const held = constrain(denseNetwork(3, 24, 'relu', seed), {
    regions: [region],
    method: 'patch',
    target: demand,
    steepness: 2,
  });
  await train(held, { steps, loss: regression(rows, prices, 32, seededRng(seed + 1)) });
  const frozen = freeze(held);
  const flats = Array.from({ length: 3000 }, () => Array.from(region.sample(rng)));
  const summary = model => ({
    error: Math.sqrt(meanSquare(valuesAt(model, flats).map((value, i) => value - price(flats[i])))),
    wrong: wrongWay(model, flats),
  });
  return { proved: frozen.demands[0], map: frozen.maps[0], free: summary(free), held: summary(frozen.model) };
}

/** The share of flats that some change for the better makes cheaper: more area, less distance, less age. */
function wrongWay(model, flats) {
  const step = 0.02;
  const now = valuesAt(model, flats);
  const better = [
    [step, 0, 0],
    [0, -step, 0],
    [0, 0, -step],
  ].map(change =>
    valuesAt(
      model,
      flats.map(flat => flat.map((x, k) => Math.min(0.8, Math.max(0.2, x + change[k])))),
    ),
  );
  // What float32 rounds is no price.
  return flats.filter((_, i) => better.some(values => values[i] < now[i] - 1e-5)).length / flats.length;
}

if (isMain(import.meta.url)) {
  await tf.setBackend('cpu');
  const { proved, map, free, held } = await trained();
  console.log(
    `On the box price = ${Array.from(map.A.data, a => a.toFixed(3)).join(', ')} of area, distance, age, + ${map.b[0].toFixed(3)}: monotone, proved (${proved.demand.kind}).`,
  );
  for (const [title, { error, wrong }] of Object.entries({ free, held }))
    console.log(
      `${title}: off the true price by ${error.toFixed(3)} on the box; ${(100 * wrong).toFixed(1)}% of flats get cheaper by an improvement`,
    );
}
