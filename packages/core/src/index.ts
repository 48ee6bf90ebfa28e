export {
  assertFinite,
  assertSize,
  firstNonFinite,
  PoliceError,
  type PoliceErrorCode,
  type PoliceErrorDetails,
} from './errors.js';
export { approximationErrorThrough, type Settled } from './frames/approximation-error.js';
export {
  type PolicedLayer,
  type PolicedPass,
  type PoliceSettings,
  type Progress,
  policedPass,
  type ShiftSharing,
  type Sides,
  writeActivatedFrame,
} from './frames/policed-pass.js';
export { assertRegionsFit } from './frames/propagators-for.js';
export { activateFrameAdjoint, maxFramesAdjoint } from './gradient/frame-adjoint.js';
export { type MapPenalty, mapPenalty } from './gradient/map-penalty.js';
export {
  type PolicedBackwardOptions,
  type PolicedForward,
  type PolicedForwardOptions,
  type PolicedGradient,
  policedBackward,
  policedForward,
} from './gradient/policed-backward.js';
export { boundOutputs, type OutputBoundOptions } from './maps/bound-outputs.js';
export { type ChordProbe, chordProbe } from './maps/chord-probe.js';
export { type Drift, type DriftOptions, drift } from './maps/drift.js';
export {
  type AffineMap,
  assertPolicy,
  type Enforced,
  type EnforceOptions,
  type EnforceReport,
  enforce,
  type LayerReport,
} from './maps/enforce.js';
export { bounds, type OutputBounds } from './maps/output-range.js';
export {
  assertMapFits,
  jacobianSolver,
  type PrescribedMap,
  prescribeByCorrection,
  prescribeByLastLayer,
  prescribedFrame,
} from './maps/prescribe.js';
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
} from './network/activation.js';
export { type ActivationParameters, activationByName } from './network/activation-by-name.js';
export { type AffineGradient, type AffineOperator, type Dense, dense } from './network/affine-operator.js';
export {
  type Lifts,
  type MaxPoolOptions,
  maxoutWindows,
  maxPoolWindows,
  type Windows,
  windowsOf,
} from './network/max-windows.js';
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
} from './network/network.js';
export * as operators from './network/operators/index.js';
export { gelu, geluTanh, sigmoid, silu, softplus, tanh } from './network/smooth-activation.js';
export { type Block, type Matrix, matrix, matrixFromRows, rowOf, rowRange } from './numeric/matrix.js';
export { float16, float32, float64, type Precision } from './numeric/precision.js';
export type { Rng } from './numeric/random.js';
export { type Certificate, certificateFlaw, certificateOf } from './proof/certificate.js';
export {
  type Certified,
  type CertifyOptions,
  certify,
  type LayerMargin,
  type RegionProof,
  type Uncertified,
} from './proof/certify.js';
export {
  type FreezeOptions,
  type Frozen,
  type FrozenLayer,
  freeze,
  isRepresentable,
} from './proof/freeze.js';
export { regionsHash, sha256Hex } from './proof/hash.js';
export { type AffineFrame, affineFrame } from './regions/hull/affine-frame.js';
export { FEW_VERTICES, type PlanarHull, planarHull } from './regions/hull/planar-hull.js';
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
export {
  activeRows,
  addShiftGradient,
  shiftCoordinates,
  shiftGradient,
  shiftsOf,
} from './rule/layer-shift.js';
export { majority, type Policy, type PolicyFunction, type StraddlingUnit } from './rule/policy.js';
export { piecesOn, type Shifts } from './rule/shift.js';
export {
  chooseWinners,
  liftGradient,
  type MaxShifts,
  maxFrame,
  pairLeads,
  winnersOn,
} from './rule/winners.js';
