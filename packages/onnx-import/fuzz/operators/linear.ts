import type { Maker } from './elementwise.js';

const matMul: Maker = (draft, x) => {
  const { rng } = draft;
  const { shape } = x;
  if (shape.length === 0) return undefined;
  const isLeft = rng.chance(0.35) && shape.length <= 2;
  const deep = rng.chance(0.15) ? [1] : [];
  if (isLeft) {
    const dims = rng.chance(0.2) ? [shape[0]] : [...deep, rng.int(1, 3), shape[0]];
    return ['MatMul', [draft.floats(dims), x.name]];
  }
  const inner = shape.at(-1)!;
  return ['MatMul', [x.name, draft.floats(rng.chance(0.2) ? [inner] : [...deep, inner, rng.int(1, 3)])]];
};

const gemm: Maker = (draft, x) => {
  const { rng, opset } = draft;
  if (x.shape.length !== 2) return undefined;
  const [transA, transB] = [rng.int(0, 1), rng.int(0, 1)];
  const isLeft = rng.chance(0.25);
  const free = rng.int(1, 3);
  const [rows, inner] = transA ? [x.shape[1], x.shape[0]] : x.shape;
  const [k, cols] = transB ? [x.shape[1], x.shape[0]] : x.shape;
  const [M, N] = isLeft ? [free, cols] : [rows, free];
  const weight = isLeft
    ? draft.floats(transA ? [k, free] : [free, k])
    : draft.floats(transB ? [free, inner] : [inner, free]);
  const inputs = isLeft ? [weight, x.name] : [x.name, weight];
  const c = rng.pick([[], [1], [N], [1, N], [M, 1], [M, N], undefined]);
  if (c) inputs.push(draft.floats(c));
  else if (opset < 11) inputs.push(draft.floats([N]));
  const attributes = {
    ...(transA || rng.chance(0.2) ? { transA } : {}),
    ...(transB || rng.chance(0.2) ? { transB } : {}),
    ...(rng.chance(0.3) ? { alpha: { float: Math.fround(draft.value()) } } : {}),
    ...(rng.chance(0.3) ? { beta: { float: Math.fround(draft.value()) } } : {}),
  };
  return ['Gemm', inputs, attributes];
};

export const LINEAR: Readonly<Record<string, Maker>> = { MatMul: matMul, Gemm: gemm };
