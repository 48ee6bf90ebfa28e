/** Numbers that tensors hold: exact reals, or ONNX's numeric types under the standard's names. */
export type ElementType = 'real' | FloatType | IntegerType;

/** ONNX' floating-point types. */
export type FloatType = (typeof FLOATS)[number];
/** ONNX' integer types. */
export type IntegerType = `${'int' | 'uint'}${4 | 8 | 16 | 32 | 64}`;

const FLOATS = [
  'float16',
  'bfloat16',
  'float32',
  'float64',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'float4e2m1',
] as const;

const INTEGER_BITS = [4, 8, 16, 32, 64] as const;
const INTEGERS = INTEGER_BITS.flatMap(bits => [`int${bits}`, `uint${bits}`] as const);

const BY_NAME = new Map<string, ElementType>([
  ['Real', 'real'],
  ['float', 'float32'],
  ['double', 'float64'],
  ...(['real', ...FLOATS, ...INTEGERS] as const).map(type => [type, type] as const),
]);

/** Names that are read; what ONNX calls `float` and `double` are float32 and float64. */
export const ELEMENT_TYPE_NAMES: readonly string[] = [...BY_NAME.keys()];

/** The type of a name; undefined for others, ONNX's strings, booleans and complex numbers among them. */
export function elementTypeOf(name: string): ElementType | undefined {
  return BY_NAME.get(name);
}

/** The name that queries use for a type. */
export function nameOfType(type: ElementType): string {
  return type === 'real' ? 'Real' : type;
}

/** Whether a decimal in standard form is of a type: whole numbers in range for integers, all decimals for others. */
export function isOfType(text: string, type: ElementType): boolean {
  const integer = /^(u?)int(\d+)$/.exec(type);
  if (!integer) return true;
  if (text.includes('.')) return false;
  const [, unsigned, bits] = integer;
  const value = BigInt(text);
  return unsigned
    ? BigInt.asUintN(Number(bits), value) === value
    : BigInt.asIntN(Number(bits), value) === value;
}
