/** A family of operators, as `@police/onnx-import/lean` exports it. */
export type FamilyName = 'smoothFunctions' | 'resizing' | 'quantization';

/** What only families read, and Erf, of which curves are made. */
export const FAMILIES: Readonly<Record<FamilyName, readonly string[]>> = {
  smoothFunctions: ['Erf', 'Gelu', 'Mish', 'Sigmoid', 'Softplus', 'Swish', 'Tanh'],
  resizing: ['Resize', 'Upsample'],
  quantization: ['DequantizeLinear', 'QuantizeLinear'],
};

/** The remedy where a family was left out. */
export function takeIn(family: FamilyName): string {
  return `Take it in: readModel(bytes, { operators: [${family}] }), of '@police/onnx-import/lean'; that of '@police/onnx-import' has all.`;
}
