export {
  type Activation,
  type ActivationName,
  abs,
  activate,
  type Curve,
  clip,
  elu,
  hardSigmoid,
  hardSwish,
  hardTanh,
  identity,
  type Kink,
  leakyRelu,
  type Piece,
  prelu,
  relu,
  relu6,
  type SmoothActivationName,
  selu,
} from './activation.js';
export { type ActivationParameters, activationByName } from './activation-by-name.js';
export { type AffineGradient, type AffineOperator, type Dense, dense } from './affine.js';
export {
  type PolicedBackwardOptions,
  type PolicedForward,
  type PolicedForwardOptions,
  type PolicedGradient,
  policedBackward,
  policedForward,
} from './backward.js';
export { bounds, type OutputBounds } from './bounds.js';
export { type Certificate, certificateFlaw, certificateOf } from './certificate.js';
export {
  type Certified,
  type CertifyOptions,
  certify,
  type LayerMargin,
  type RegionProof,
  type Uncertified,
} from './certify.js';
export { type Damage, type DamageOptions, damage } from './damage.js';
export {
  type AffineMap,
  assertPolicy,
  type Enforced,
  type EnforceOptions,
  type EnforceReport,
  enforce,
  type LayerReport,
} from './enforce.js';
export {
  assertFinite,
  assertSize,
  firstNonFinite,
  PoliceError,
  type PoliceErrorCode,
  type PoliceErrorDetails,
} from './errors.js';
export { activateFrameAdjoint, maxFramesAdjoint } from './frame-adjoint.js';
export { assertRegionsFit } from './frames.js';
export { type FreezeOptions, type Frozen, type FrozenLayer, freeze, isRepresentable } from './freeze.js';
export { regionsHash, sha256Hex } from './hash.js';
export {
  activeRows,
  addShiftGradient,
  shiftCoordinates,
  shiftGradient,
  shiftsOf,
} from './layer-shift.js';
export { type MapPenalty, mapPenalty } from './map-penalty.js';
export { type Block, type Matrix, matrix, matrixFromRows, rowOf, rowRange } from './matrix.js';
export {
  type Lifts,
  type MaxPoolOptions,
  maxoutWindows,
  maxPoolWindows,
  type Windows,
  windowsOf,
} from './max.js';
export {
  type ActivationNode,
  type AffineNode,
  biasOwner,
  type ChainLayer,
  type ConcatNode,
  chain,
  foldShifts,
  forward,
  forwardValues,
  type InputNode,
  inputsOf,
  type MaxNode,
  type Network,
  type NetworkNode,
  network,
  type SumNode,
} from './network.js';
export * as operators from './operators/index.js';
export { boundOutputs, type OutputBoundOptions } from './output-bounds.js';
export {
  type PolicedLayer,
  type PolicedPass,
  type PoliceSettings,
  type Progress,
  policedPass,
  type ShiftSharing,
  type Sides,
  writeActivatedFrame,
} from './police.js';
export { majority, type Policy, type PolicyFunction, type StraddlingUnit } from './policy.js';
export { float16, float32, float64, type Precision } from './precision.js';
export {
  assertMapFits,
  jacobianSolver,
  type PrescribedMap,
  prescribeByCorrection,
  prescribeByLastLayer,
  prescribedFrame,
} from './prescribe.js';
export type { Rng } from './random.js';
export { type AffineFrame, affineFrame } from './regions/affine-frame.js';
export {
  type Body,
  ball,
  box,
  boxAround,
  circle,
  convexHull,
  crossPolytope,
  ellipsoid,
  ellipsoidOfShape,
  hPolytope,
  imageUnder,
  inSubspace,
  type LinearMap,
  type LinearProgramResult,
  type LinearPrograms,
  MAX_VERTICES,
  pointsAt,
  type Range,
  type Region,
  type RegionJSON,
  type RegionOptions,
  regionFromJSON,
  regionSchedule,
  regularPolygon,
  scaled,
  simplex,
  vPolytope,
  zonotope,
} from './regions/index.js';
export { FEW_VERTICES, type PlanarHull, planarHull } from './regions/planar-hull.js';
export { type ChordProbe, chordProbe } from './residual.js';
export { piecesOn, type Shifts } from './shift.js';
export { gelu, geluTanh, sigmoid, silu, softplus, tanh } from './smooth-activation.js';
export { type Settled, tailThrough } from './tail.js';
export { chooseWinners, liftGradient, type MaxShifts, maxFrame, pairLeads, winnersOn } from './winners.js';
