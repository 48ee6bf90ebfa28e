import { type DType, isFloat, rounderOf } from '../src/tensor.js';
import type { TestTensor } from '../test/onnx.js';
import { type DataType, Draft, INTEGERS } from './draft.js';
import { ARRANGING } from './operators/arranging.js';
import { LINEAR } from './operators/linear.js';
import { RESIZING } from './operators/resizing.js';
import { WINDOWS } from './operators/windows.js';
import type { Random } from './random.js';

/** A constant while a computation on constants is made. */
interface Known {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  int64: [-(2 ** 63), 2 ** 63 - 1024],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  int8: [-128, 127],
  uint32: [0, 2 ** 32 - 1],
  uint16: [0, 65535],
  uint8: [0, 255],
  bool: [0, 1],
};

function integer(rng: Random, dtype: DType): number {
  const [lo, hi] = RANGES[dtype];
  const any = rng.pick([
    rng.int(0, 9),
    rng.int(-9, 9),
    lo,
    hi,
    hi - 1,
    lo / 2,
    rng.int(0, 2 ** 31),
    2 ** 53 - 1,
  ]);
  return inRange(any, dtype);
}

function inRange(value: number, dtype: DType): number {
  const [lo, hi] = RANGES[dtype];
  return Math.min(Math.max(Math.trunc(value), lo), hi);
}

/** Floats of which sums cancel, overflow, underflow, round, or do none of it. */
function float(rng: Random, dtype: DType): number {
  const wide = [1e8, -1e8, 1, 3, 1e-3, 0.1, 1e30, -1e30, 3e38, 1e-40, 16777216, 16777217, 0, -0];
  const narrow = [1, -1, 0.5, 2, 3, 0.25, 1024, 0, 2.5, -2.5, 0.1, 300, 70000, 5e9];
  const value = rng.pick([
    () => rng.int(-4, 4),
    () => 4 * rng.unit() - 2,
    () => rng.pick(wide),
    () => rng.pick(narrow),
  ])();
  return rounderOf(dtype)(value);
}

function constant(draft: Draft, dtype: DType, shape: readonly number[]): Known {
  const { rng } = draft;
  const size = shape.reduce((product, dim) => product * dim, 1);
  const isRound = rng.chance(0.4);
  const make = () => {
    if (!isFloat(dtype)) return isRound && dtype !== 'bool' ? rng.int(0, 9) : integer(rng, dtype);
    // Sums of small integers are exact in any order.
    return isRound ? rng.int(-6, 6) : float(rng, dtype);
  };
  const data = rng.list(size, make);
  const odd = dtype === 'int64' && rng.chance(0.2);
  const bigints = odd ? data.map(v => BigInt(v) + BigInt(rng.int(-1, 1))) : undefined;
  const fits = bigints?.every(v => v === BigInt.asIntN(64, v));
  const tensor: TestTensor = { dims: shape, data, dtype, ...(bigints && fits ? { bigints } : {}) };
  if (!rng.chance(0.2)) return { name: draft.add(tensor), shape, dtype };
  return { name: draft.node(['Constant', [], { value: tensor }])[0], shape, dtype };
}

type Step = (draft: Draft, from: Known) => Known | undefined;

const alike =
  (type: string, count = 1, result?: DType): Step =>
  (draft, from) => {
    const others = Array.from({ length: count }, () => constant(draft, from.dtype, from.shape).name);
    const [name] = draft.node([type, draft.rng.shuffled([from.name, ...others])]);
    return { name, shape: from.shape, dtype: result ?? from.dtype };
  };

const unary =
  (type: string): Step =>
  (draft, from) => ({ ...from, name: draft.node([type, [from.name]])[0] });

const cast =
  (to: DType): Step =>
  (draft, from) => ({ ...from, name: draft.node(['Cast', [from.name], { to: CODES[to] }])[0], dtype: to });

const CODES: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
};

const ANY_FLOAT: readonly DType[] = ['float32', 'float64', 'float16'];

const castAnywhere: Step = (draft, from) => cast(draft.rng.pick([...INTEGERS, ...ANY_FLOAT]))(draft, from);

const where: Step = (draft, from) => {
  const condition = constant(draft, 'bool', draft.rng.pick([from.shape, []]));
  const inputs = [condition.name, from.name, constant(draft, from.dtype, from.shape).name];
  return { ...from, name: draft.node(['Where', inputs])[0] };
};

const power: Step = (draft, from) => {
  const { rng } = draft;
  const exponent = draft.add({ dims: rng.pick([[], from.shape]), data: [], dtype: from.dtype });
  const size = draft.constants[exponent].dims.reduce((n, d) => n * d, 1);
  draft.constants[exponent] = {
    ...draft.constants[exponent],
    data: rng.list(size, () => rng.pick(isFloat(from.dtype) ? [0, 1, 2, 3, 0.5, -1] : [0, 1, 2, 3])),
  };
  return { ...from, name: draft.node(['Pow', [from.name, exponent]])[0] };
};

const range: Step = (draft, { dtype }) => {
  const { rng } = draft;
  const round = rounderOf(dtype);
  const isWhole = !isFloat(dtype) || rng.chance(0.4);
  const delta = isWhole ? rng.pick([1, 2, -1, -3, 3]) : rng.pick([0.1, 0.5, -0.25, 0.3, 1 / 3]);
  const start = isWhole ? rng.int(-5, 5) : 4 * rng.unit();
  const limit = start + delta * rng.pick([0, 1, 3, 7, 20, 2.5]);
  const fit = (value: number) => (isFloat(dtype) ? round(value) : inRange(value, dtype));
  const inputs = [start, limit, delta].map(value => draft.add({ dims: [], data: [fit(value)], dtype }));
  return { name: draft.node(['Range', inputs])[0], shape: [], dtype };
};

const activation: Step = (draft, from) => {
  const { rng } = draft;
  const type = rng.pick(['Relu', 'LeakyRelu', 'Elu', 'Selu', 'HardSigmoid', 'HardSwish']);
  return { ...from, name: draft.node([type, [from.name]])[0] };
};

const clip: Step = (draft, from) => {
  if (draft.opset < 11) return undefined;
  const bounds = [constant(draft, from.dtype, []).name, constant(draft, from.dtype, []).name];
  return { ...from, name: draft.node(['Clip', [from.name, ...bounds]])[0] };
};

/** Scales, and zero points or none, for all entries or along an axis. */
function quantisation(draft: Draft, shape: readonly number[], zeroType: DType) {
  const { rng, opset } = draft;
  const isAxis = opset >= 13 && shape.length > 0 && rng.chance(0.5);
  const axis = isAxis ? rng.int(0, shape.length - 1) : 0;
  const dims = isAxis ? [shape[axis]] : [];
  const count = isAxis ? shape[axis] : 1;
  const scale = draft.add({
    dims,
    data: rng.list(count, () => Math.fround(rng.pick([0.1, 0.5, 1, 1 / 127, 3, 0.25]) * (0.5 + rng.unit()))),
    dtype: 'float32',
  });
  const isSigned = zeroType === 'int32' || zeroType.startsWith('int');
  const zero = draft.add({
    dims,
    data: rng.list(count, () => (zeroType === 'int32' ? 0 : isSigned ? rng.int(-20, 20) : rng.int(0, 200))),
    dtype: zeroType,
  });
  return {
    inputs: rng.chance(0.7) || zeroType !== 'uint8' ? [scale, zero] : [scale],
    attributes: isAxis ? { axis } : {},
  };
}

const dequantize: Step = (draft, from) => {
  const since: Partial<Record<DType, number>> = { int8: 10, uint8: 10, int32: 10, int16: 21, uint16: 21 };
  if (draft.opset < (since[from.dtype] ?? 99)) return undefined;
  const { inputs, attributes } = quantisation(draft, from.shape, from.dtype);
  return {
    ...from,
    name: draft.node(['DequantizeLinear', [from.name, ...inputs], attributes])[0],
    dtype: 'float32',
  };
};

const quantize: Step = (draft, from) => {
  const { rng, opset } = draft;
  if (opset < 10 || from.dtype !== 'float32') return undefined;
  const dtype = rng.pick<DType>(opset >= 21 ? ['int8', 'uint8', 'int16', 'uint16'] : ['int8', 'uint8']);
  const { inputs, attributes } = quantisation(draft, from.shape, dtype);
  const [name] = draft.node(['QuantizeLinear', [from.name, ...inputs], attributes]);
  return { ...from, name, dtype: inputs.length === 1 ? 'uint8' : dtype };
};

/** On numbers of any type. */
const NUMERIC: readonly Step[] = [
  ...['Add', 'Sub', 'Mul', 'Div'].map(type => alike(type)),
  ...['Equal', 'Less', 'Greater'].map(type => alike(type, 1, 'bool')),
  unary('Neg'),
  unary('Identity'),
  castAnywhere,
  castAnywhere,
  where,
  dequantize,
];

const FLOAT: readonly Step[] = [
  ...NUMERIC,
  alike('Sum', 1),
  alike('Max', 2),
  alike('Min', 1),
  ...['Abs', 'Floor', 'Ceil', 'Sqrt', 'Reciprocal', 'Exp', 'Log'].map(unary),
  power,
  clip,
  activation,
  quantize,
];

function stepsFor(dtype: DType): readonly Step[] {
  if (dtype === 'bool') return [castAnywhere, where, unary('Identity')];
  return isFloat(dtype) ? FLOAT : NUMERIC;
}

const SHAPING = Object.values({ ...ARRANGING, ...WINDOWS, ...LINEAR, ...RESIZING });

/** Computes a constant and adds it to the input: at 0 the output is the constant itself. */
export function constantDraft(rng: Random, opset: number, dtype: DataType): { draft: Draft; output: string } {
  const draft = new Draft(rng, opset, dtype, [1]);
  const start = rng.pick<DType>([
    dtype,
    dtype,
    dtype,
    'float32',
    'float64',
    'float16',
    'int64',
    'int64',
    ...INTEGERS,
  ]);
  const shape = rng.pick([[], [1], [3], [5], [2, 3], [1, 2, 4], [1, 2, 3, 3]]);
  let known: Known = constant(draft, start, shape);
  if (rng.chance(0.15) && opset >= 11 && known.dtype !== 'bool') known = range(draft, known)!;
  for (let i = rng.int(0, 2); i > 0; i--) known = rng.pick(stepsFor(known.dtype))(draft, known) ?? known;
  if (rng.chance(0.5) && isFloat(known.dtype)) {
    draft.dtype = known.dtype;
    const shaped = rng.pick(SHAPING)(draft, { ...known, dtype: known.dtype });
    if (shaped) known = { ...known, name: draft.node(shaped)[0], dtype: draft.dtype };
    draft.dtype = dtype;
  }
  if (known.dtype !== dtype) known = cast(dtype)(draft, known)!;
  const [output] = draft.node(['Add', ['x', known.name]]);
  return { draft, output };
}
