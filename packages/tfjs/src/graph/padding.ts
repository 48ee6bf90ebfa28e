/** Padding as TensorFlow places it: for `same`, what is odd goes to the end. */
export function padding1d(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  mode: 'same' | 'valid',
): { before: number; after: number; outSize: number } {
  const reach = (kernel - 1) * dilation + 1;
  if (mode === 'valid') return { before: 0, after: 0, outSize: Math.floor((size - reach) / stride) + 1 };
  const outSize = Math.ceil(size / stride);
  const total = Math.max((outSize - 1) * stride + reach - size, 0);
  const before = Math.floor(total / 2);
  return { before, after: total - before, outSize };
}

/** `pads`: rows above, columns left, rows below, columns right. */
export function padding2d(
  plane: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
  mode: 'same' | 'valid',
): { pads: [number, number, number, number]; outSize: [number, number] } {
  const [rows, columns] = [0, 1].map(axis =>
    padding1d(plane[axis], kernel[axis], strides[axis], dilations[axis], mode),
  );
  return {
    pads: [rows.before, columns.before, rows.after, columns.after],
    outSize: [rows.outSize, columns.outSize],
  };
}
