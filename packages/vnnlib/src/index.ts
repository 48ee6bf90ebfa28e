export { type ConversionOptions, toVersion2 } from './convert.js';
export { type Dnf, type DnfOptions, toDNF } from './dnf.js';
export type { ElementType, FloatType, IntegerType } from './element-type.js';
export { type Problem, VnnLibError, type VnnLibErrorCode } from './errors.js';
export { holds } from './evaluate.js';
export { type Direction, fromFloat64, toFloat64 } from './float64.js';
export { fold } from './fold.js';
export {
  type LinearConstraint,
  type LinearForm,
  type LinearTerm,
  linearConstraint,
  linearForm,
} from './linear.js';
export { elementName } from './names.js';
export { type ParseOptions, parse } from './parse.js';
export { print } from './print.js';
export {
  type Assertion,
  type Comparator,
  type Comparison,
  type Connective,
  type Constant,
  type Element,
  type Equivalence,
  type Formula,
  type HiddenTensor,
  type InputTensor,
  type Network,
  type Operation,
  type Operator,
  type OutputTensor,
  operandsOf,
  type Query,
  sizeOf,
  type Tensor,
  type Term,
  tensorsOf,
  type Version,
} from './query.js';
export type { Rational } from './rational.js';
export * as rational from './rational.js';
export {
  type Bound,
  type Box,
  type Contradiction,
  type InputRegion,
  type Interval,
  outerBox,
  type Unbounded,
} from './region.js';
export { type Position, Source } from './source.js';
export { type Disjunct, type SplitOptions, type SplitQuery, split } from './split.js';
