type Attributes = Readonly<Record<string, string | number>>;

/** An element with its attributes escaped; children are markup. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const text = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escaped(`${value}`)}"`)
    .join('');
  return children.length === 0 ? `<${name}${text}/>` : `<${name}${text}>${children.join('')}</${name}>`;
}

export const group = (attributes: Attributes, ...children: readonly string[]): string =>
  element('g', attributes, ...children);

export const at = (x: number, y: number, ...children: readonly string[]): string =>
  group({ transform: `translate(${x} ${y})` }, ...children);

export const label = (text: string, attributes: Attributes): string =>
  element('text', attributes, escaped(text));

/** What is drawn in a square of its own coordinates, and cut off at its edges. */
export const clipped = (width: number, height: number, ...children: readonly string[]): string =>
  element('svg', { width, height, viewBox: `0 0 ${width} ${height}`, overflow: 'hidden' }, ...children);

const FONTS = 'Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif';

/** A whole picture, on white. */
export function picture(width: number, height: number, ...children: readonly string[]): string {
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      'font-family': FONTS,
      'font-size': 11,
      fill: INK,
    },
    element('rect', { width, height, fill: 'white' }),
    ...children,
  );
}

export const INK = '#222';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
