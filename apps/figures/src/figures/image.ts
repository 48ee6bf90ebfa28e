import { gridPoints, type Window } from '@police/common/grid';
import { landscapeTask } from '@police/common/landscape';
import type { Region } from '@police/core';
import { regularPolygon } from '@police/core';
import { image as imageMarkup } from '../draw/image.js';
import { frame, PANEL } from '../draw/layout.js';
import { outlines } from '../draw/outline.js';
import { clipped } from '../draw/svg.js';
import { outputsAt } from '../plain-network.js';
import type { Scale } from '../settings.js';
import { type Case, curvePanel, LOSS_HEAD, lastOf, notesOf, recordsOf, ruleHeads, rules } from './case.js';
import { caseFigure } from './case-figure.js';
import type { Figure } from './figure.js';

const NAME = 'image';
/** Pixels along the side of the images drawn. */
const SIDE = 2 * PANEL;
const patch = regularPolygon(6, [-1.7, -0.3], 1.6);

const caseOf = ({ image, side }: Scale, seed: number): Case[] => [
  {
    task: landscapeTask(side),
    region: 'hexagon',
    regions: [patch],
    setup: image,
    seed,
  },
];

/** A picture as a network: colour as a function of place. */
export const image: Figure = caseFigure(
  NAME,
  'an image as a network, its colours affine in a patch',
  caseOf,
  ([spec], results) => {
    const { task, regions } = spec;
    const records = recordsOf(NAME, spec, results);
    const points = Float32Array.from(gridPoints(task.window, SIDE));
    const target = { drawing: imagePanel(landscapeTask(SIDE).values, task.window, regions) };
    const panels = rules.map((rule, i) => ({
      drawing: imagePanel(outputsAt(lastOf(spec, rule, results).network, points), task.window, regions),
      notes: notesOf(records[i]),
    }));
    return {
      title: 'An image as a network, with an affine patch',
      subtitle: 'From place to colour. In the hexagon all three channels are affine: an even gradient.',
      heads: ['image', ...ruleHeads, LOSS_HEAD],
      rows: [{ panels: [target, ...panels, curvePanel(spec, results, records[0].floor)] }],
      records,
    };
  },
);

const imagePanel = (colours: Float32Array, window: Window, regions: readonly Region[]): string =>
  clipped(PANEL, PANEL, imageMarkup(colours, SIDE, PANEL), outlines(regions, window, PANEL)) + frame();
