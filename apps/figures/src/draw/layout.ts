import { at, element, INK, label, picture } from './svg.js';

/** A square panel with what stands under it. */
export interface Panel {
  /** Markup within `PANEL` × `PANEL` pixels. */
  readonly drawing: string;
  readonly notes?: readonly string[];
}

/** Side of a panel, in pixels. */
export const PANEL = 168;

/** A column's head in a colour of its own. */
export interface Head {
  readonly text: string;
  readonly colour: string;
}

export interface Table {
  readonly title: string;
  /** A sentence under the title. */
  readonly subtitle: string;
  readonly heads: readonly (string | Head)[];
  readonly rows: readonly { readonly head?: string; readonly panels: readonly Panel[] }[];
  /** Markup at the upper right corner, by its width. */
  readonly legend?: { readonly width: number; readonly drawing: string };
}

const GAP = 14;
const MARGIN = 16;
const TOP = 62;
const NOTE_LINE = 13;
const MUTED = '#555';

/** Panels in rows and columns, the columns' heads above and the rows' at the left, upright. */
export function table({ title, subtitle, heads, rows, legend }: Table): string {
  const hasRowHeads = rows.some(({ head }) => head !== undefined);
  const left = MARGIN + (hasRowHeads ? 18 : 0);
  const columns = Math.max(...rows.map(({ panels }) => panels.length));
  const width = left + columns * PANEL + (columns - 1) * GAP + MARGIN;
  const bottomOf = ({ panels }: Table['rows'][number]) =>
    Math.max(...panels.map(panel => panel.notes?.length ?? 0)) * NOTE_LINE + 8;
  const parts = [
    label(title, { x: MARGIN, y: 22, 'font-size': 15, 'font-weight': 'bold' }),
    label(subtitle, { x: MARGIN, y: 39, fill: MUTED }),
    ...(legend ? [at(width - MARGIN - legend.width, 12, legend.drawing)] : []),
    ...heads.map((head, column) => {
      const { text, colour } = typeof head === 'string' ? { text: head, colour: INK } : head;
      const x = left + column * (PANEL + GAP) + PANEL / 2;
      return label(text, { x, y: TOP, fill: colour, 'text-anchor': 'middle', 'font-weight': 'bold' });
    }),
  ];
  let y = TOP + 8;
  for (const row of rows) {
    if (row.head !== undefined) {
      parts.push(
        label(row.head, {
          transform: `translate(${MARGIN + 7} ${y + PANEL / 2}) rotate(-90)`,
          'text-anchor': 'middle',
          'font-weight': 'bold',
        }),
      );
    }
    row.panels.forEach((panel, column) => {
      parts.push(at(left + column * (PANEL + GAP), y, panel.drawing, notes(panel.notes ?? [])));
    });
    y += PANEL + bottomOf(row) + GAP / 2;
  }
  return picture(width, y + 4, ...parts);
}

const notes = (lines: readonly string[]): string =>
  lines
    .map((line, i) =>
      label(line, {
        x: PANEL / 2,
        y: PANEL + 4 + (i + 1) * NOTE_LINE - 2,
        'text-anchor': 'middle',
        'font-size': 10,
        fill: MUTED,
      }),
    )
    .join('');

/** A thin line around a panel. */
export const frame = (stroke: string = INK, width = 0.8): string =>
  element('rect', { width: PANEL, height: PANEL, fill: 'none', stroke, 'stroke-width': width });
