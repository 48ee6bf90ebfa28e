import { conesPanel } from '../draw/cones.js';
import { at, label, picture } from '../draw/svg.js';
import { conesAt, type Patch, type PlainNetwork } from '../plain-network.js';
import { lastOf, recordOf, STEEPNESS, trainingOf } from './case.js';
import type { Figure, Rule } from './figure.js';
import { wayCase } from './ways.js';

const NAME = 'cones';
const RULE: Rule = 'gentle patch';
/** The line drawn along, y = 0.3, crosses the triangle. */
const HEIGHT = 0.3;
const REACH = 4;
const POINTS = 801;
const SIZE = { width: 760, height: 300 };

/** What a patch is: f, the cones around the map on the region, and y, along a line. */
export const cones: Figure = {
  name: NAME,
  summary: 'a patch along a line: the network, the cones around the map, and what comes of them',
  trainings: (scale, seed) => {
    const spec = wayCase('rays', scale, seed);
    return [trainingOf(spec, 'unconstrained'), trainingOf(spec, RULE)];
  },
  draw: (scale, seed, results) => {
    const spec = wayCase('rays', scale, seed);
    const { network } = lastOf(spec, RULE, results);
    const at01 = Float32Array.from({ length: POINTS }, (_, i) => REACH * ((2 * i) / (POINTS - 1) - 1));
    const points = Float32Array.from({ length: 2 * POINTS }, (_, i) => (i % 2 === 0 ? at01[i >> 1] : HEIGHT));
    const values = conesAt(network as PlainNetwork & { readonly patch: Patch }, points);
    const svg = picture(
      SIZE.width,
      SIZE.height,
      label('A patch along a line', { x: 16, y: 22, 'font-size': 15, 'font-weight': 'bold' }),
      label(
        `y = max(min(f, a + K d), a − K d), K = ${STEEPNESS['gentle patch']} per radius: y is a on the region, and f as soon as f is inside the cone.`,
        { x: 16, y: 39, fill: '#555' },
      ),
      at(0, 46, conesPanel(at01, values, SIZE.width, SIZE.height - 46)),
    );
    return [{ name: NAME, svg, records: [recordOf(NAME, spec, RULE, results)] }];
  },
};
