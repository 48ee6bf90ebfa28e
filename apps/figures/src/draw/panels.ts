import { gridPoints, squareWindow, type Window } from '@police/common/grid';
import type { Task } from '@police/common/task';
import type { Region } from '@police/core';
import { outputsAt, type PlainNetwork, preActivationsAt } from '../plain-network.js';
import { bands, type Field, isolines, levelLines } from './field.js';
import { frame, PANEL } from './layout.js';
import { outlines, toPixels } from './outline.js';
import { pathOf } from './path.js';
import { clipped, element, label } from './svg.js';

/** Points along the side of a grid that a panel is drawn from. */
const SIDE = 160;

/** Of what is also shown enlarged. */
const ZOOM_COLOUR = '#1f77b4';

/** The outputs of a network of one output over the window. */
export const fieldOf = (net: PlainNetwork, window: Window, side: number = SIDE): Field => ({
  side,
  values: outputsAt(net, Float32Array.from(gridPoints(window, side))),
});

/** A field in bands, with the regions; `zoom`: the window that is framed. */
export function fieldPanel(field: Field, window: Window, regions: readonly Region[], zoom?: Window): string {
  return (
    clipped(
      PANEL,
      PANEL,
      bands(field, PANEL),
      outlines(regions, window, PANEL),
      ...(zoom ? [zoomFrame(zoom, window)] : []),
    ) + frame()
  );
}

/** The task's own values, where they are those of a square grid over its window. */
export const targetField = ({ values }: Task): Field => ({ side: Math.sqrt(values.length), values });

/** Between the lines of equal value of an enlarged part. */
const ISOLINES = 0.04;

/** What lies in the frame of `zoom`, on a grid of its own, with lines of equal value. */
export function zoomPanel(net: PlainNetwork, zoom: Window, regions: readonly Region[]): string {
  const field = fieldOf(net, zoom, SIDE / 2);
  const drawing = [bands(field, PANEL), isolines(field, ISOLINES, PANEL), outlines(regions, zoom, PANEL)];
  return clipped(PANEL, PANEL, ...drawing) + frame(ZOOM_COLOUR, 2);
}

function zoomFrame(zoom: Window, window: Window): string {
  const pixels = toPixels(window, PANEL);
  const [x, y] = pixels([zoom.x[0], zoom.y[1]]);
  const [right, bottom] = pixels([zoom.x[1], zoom.y[0]]);
  const box = { x, y, width: right - x, height: bottom - y, fill: 'none' };
  return (
    element('rect', { ...box, stroke: 'white', 'stroke-opacity': 0.7, 'stroke-width': 3.5 }) +
    element('rect', { ...box, stroke: ZOOM_COLOUR, 'stroke-width': 1.6 })
  );
}

const CLASS_COLOURS = ['#7b3fa0', '#f2a33a'] as const;

/** The points of two classes, the decision boundary in red, and the regions. */
export function decisionPanel(task: Task, regions: readonly Region[], net?: PlainNetwork): string {
  const pixels = toPixels(task.window, PANEL);
  const dots = CLASS_COLOURS.map((stroke, value) => {
    const own = Array.from(task.values.keys()).filter(i => task.values[i] === value);
    const d = own
      .map(i => pixels([task.points[2 * i], task.points[2 * i + 1]]))
      .map(([x, y]) => `M${x.toFixed(1)},${y.toFixed(1)}h0`)
      .join('');
    return element('path', {
      d,
      stroke,
      'stroke-opacity': 0.45,
      'stroke-width': 2.4,
      'stroke-linecap': 'round',
    });
  });
  const boundary = net
    ? element('path', {
        d: pathOf(levelLines(fieldOf(net, task.window), 0, PANEL), false),
        fill: 'none',
        stroke: '#e3120b',
        'stroke-width': 1.8,
        'stroke-linejoin': 'round',
      })
    : '';
  return clipped(PANEL, PANEL, ...dots, outlines(regions, task.window, PANEL), boundary) + frame();
}

const LAYER_COLOURS = ['#d1495b', '#2e86ab', '#3a7d44', '#8e5ea2'] as const;

/** The colours of `kinkPanel`. */
export function layerLegend(layers: number): string {
  return LAYER_COLOURS.slice(0, layers)
    .map((fill, layer) =>
      label(`layer ${layer + 1}`, { x: layer * LAYER_LABEL, y: 10, fill, 'font-weight': 'bold' }),
    )
    .join('');
}

/** Pixels between two layers' names. */
export const LAYER_LABEL = 46;

/** Where the units change sign, a colour for each layer, and the regions. */
export function kinkPanel(net: PlainNetwork, window: Window, regions: readonly Region[]): string {
  const points = Float32Array.from(gridPoints(window, SIDE));
  const paths = preActivationsAt(net, points).map((values, layer) => {
    const units = values.length / (SIDE * SIDE);
    const lines = Array.from({ length: units }, (_, unit) =>
      levelLines(
        {
          side: SIDE,
          values: Float32Array.from({ length: SIDE * SIDE }, (_, i) => values[i * units + unit]),
        },
        0,
        PANEL,
      ),
    );
    return element('path', {
      d: pathOf(lines.flat(), false),
      fill: 'none',
      stroke: LAYER_COLOURS[layer % LAYER_COLOURS.length],
      'stroke-width': 0.4,
    });
  });
  return clipped(PANEL, PANEL, ...paths, outlines(regions, window, PANEL)) + frame();
}

/** The square of half-width 1 around a corner of the region. */
export const zoomAt = (corner: readonly [number, number]): Window => squareWindow(1, corner);
