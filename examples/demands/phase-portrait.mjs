/** Paths of a system in the plane as an SVG, one panel each, with the box and the ellipse within which all is proved. */
const SIZE = 360;
const MARGIN = 44;
const GAP = 28;

export function phasePortrait(panels, { box, ellipse, extent }) {
  const width = MARGIN + panels.length * (SIZE + GAP);
  const height = SIZE + 2 * MARGIN;
  const x = theta => (SIZE / 2) * (1 + theta / extent.theta);
  const y = omega => (SIZE / 2) * (1 - omega / extent.omega);
  const line = points =>
    points.map(([a, b], i) => `${i === 0 ? 'M' : 'L'}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join('');
  const ticks = (most, at, step) => {
    const found = [];
    for (let v = -Math.floor(most / step) * step; v <= most; v += step)
      found.push(at(Math.round(v * 10) / 10));
    return found.join('');
  };
  const drawn = panels.map(({ title, paths }, i) => {
    const boxAt = `<rect x="${x(-box.theta)}" y="${y(box.omega)}" width="${x(box.theta) - x(-box.theta)}" height="${y(-box.omega) - y(box.omega)}" class="box"/>`;
    const ends = paths
      .map(path => path.at(-1))
      .map(([a, b]) => `<circle cx="${x(a).toFixed(1)}" cy="${y(b).toFixed(1)}" r="3" class="end"/>`);
    return `<g transform="translate(${MARGIN + i * (SIZE + GAP)} ${MARGIN})">
<text x="${SIZE / 2}" y="-14" class="title">${title}</text>
<clipPath id="panel${i}"><rect width="${SIZE}" height="${SIZE}"/></clipPath>
<g clip-path="url(#panel${i})">${boxAt}<path d="${line(ellipsePoints(ellipse))}Z" class="ellipse"/>
${paths.map(path => `<path d="${line(path.filter((_, k) => k % 5 === 0 || k === path.length - 1))}" class="path"/>`).join('\n')}
${ends.join('')}</g>
<rect width="${SIZE}" height="${SIZE}" class="frame"/>
${ticks(extent.theta, v => `<text x="${x(v)}" y="${SIZE + 16}" class="tick">${v}</text>`, 0.4)}
${i === 0 ? ticks(extent.omega, v => `<text x="-8" y="${y(v) + 4}" class="tick left">${v}</text>`, 1) : ''}
<text x="${SIZE / 2}" y="${SIZE + 34}" class="tick">θ (rad)</text>
${i === 0 ? `<text transform="translate(-30 ${SIZE / 2}) rotate(-90)" class="tick">ω (rad/s)</text>` : ''}
</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif">
<style>.path{fill:none;stroke:#4269d0;stroke-width:.9;stroke-opacity:.55}.end{fill:#ff725c}.box{fill:#efb118;fill-opacity:.14;stroke:#b07d00}.ellipse{fill:none;stroke:#3ca951;stroke-width:2}.frame{fill:none;stroke:#888}.title{font-size:15px;text-anchor:middle}.tick{font-size:11px;text-anchor:middle;fill:#444}.left{text-anchor:end}</style>
<rect width="${width}" height="${height}" fill="white"/>
${drawn.join('\n')}
</svg>
`;
}

/** Of {x : xᵀPx = c}: the unit circle through the inverse of P's Cholesky factor, transposed. */
function ellipsePoints({ P: [[p, q], [, r]], c }) {
  const a = Math.sqrt(p);
  const b = q / a;
  const d = Math.sqrt(r - b * b);
  return Array.from({ length: 120 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 120;
    const [u, v] = [Math.sqrt(c) * Math.cos(angle), Math.sqrt(c) * Math.sin(angle)];
    const omega = v / d;
    return [(u - b * omega) / a, omega];
  });
}
