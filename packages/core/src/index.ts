export {
  type CaseDecision,
  type ConjunctDecision,
  type DecideOptions,
  decide,
  type QueryDecision,
} from './decide/decide.js';
export type { LinearInequality, LinearTerm, Query, QueryCase } from './decide/query.js';
export { type Repaired, type RepairOptions, repair } from './decide/repair.js';
export type { QueryArithmetic } from './decide/row-bounds.js';
export { demandFromJSON } from './demands/checked-demand.js';
export * as demands from './demands/demand.js';
export type { Demand, Norm, Plant } from './demands/demand-type.js';
export type { DemandProof } from './demands/enclosed-map.js';
export { lyapunovMatrix } from './demands/lyapunov-matrices.js';
export { PoliceError, type PoliceErrorCode, type PoliceErrorDetails } from './errors.js';
export type { AffineMap } from './frames/affine-map.js';
export type { SettledSides, ShiftSharing, Sides } from './frames/policed-pass.js';
export type {
  ConstraintReport,
  ConstraintReportOptions,
  LoggedReport,
} from './gradient/constraint-report.js';
export type { FrozenModel } from './gradient/frozen-model.js';
export { type MapPenalty, mapPenalty } from './gradient/map-penalty.js';
export {
  type PolicedBackwardOptions,
  type PolicedForward,
  type PolicedForwardOptions,
  type PolicedGradient,
  policedBackward,
  policedForward,
} from './gradient/policed-backward.js';
export type { TrainingOptions } from './gradient/training-options.js';
export { type AffineRadius, type AffineRadiusOptions, affineRadius } from './maps/affine-radius.js';
export { boundOutputs, type OutputBoundOptions } from './maps/bound-outputs.js';
export { type ChordProbe, chordProbe } from './maps/chord-probe.js';
export { type Drift, type DriftOptions, drift } from './maps/drift.js';
export { type Enforced, type EnforceOptions, enforce } from './maps/enforce.js';
export { type DemandedNetwork, type HoldDemandOptions, holdDemand, holdDemands } from './maps/hold-demand.js';
export { bounds, type OutputBounds } from './maps/output-range.js';
export { type Policed, type PoliceOptions, police } from './maps/police.js';
export {
  type PrescribedMap,
  prescribeByCorrection,
  prescribeByLastLayer,
  type Target,
} from './maps/prescribe.js';
export type { EnforceReport, LayerReport } from './maps/report.js';
export {
  type Activation,
  type ActivationName,
  abs,
  clip,
  elu,
  hardSigmoid,
  hardSwish,
  hardTanh,
  identity,
  leakyRelu,
  prelu,
  relu,
  relu6,
  selu,
} from './network/activation.js';
export type { AffineOperator, Custom } from './network/affine-operator.js';
export { foldShifts } from './network/fold.js';
export { forward } from './network/forward.js';
export { type MaxPoolOptions, maxoutWindows, maxPoolWindows, type Windows } from './network/max-windows.js';
export { type ChainLayer, chain, type Network, network } from './network/network.js';
export type { NetworkNode } from './network/nodes.js';
export { type Dense, dense } from './network/operators/dense.js';
export * as operators from './network/operators/index.js';
export {
  gelu,
  geluTanh,
  mish,
  quickGelu,
  sigmoid,
  silu,
  softplus,
  tanh,
} from './network/smooth-activation.js';
export type { Progress } from './network/walk.js';
export type { Decision } from './numeric/changes.js';
export type { Fraction } from './numeric/fraction.js';
export { type Matrix, matrix, matrixFromRows, rowOf } from './numeric/matrix.js';
export { float16, float32, float64, type Precision } from './numeric/precision.js';
export type { Rng } from './numeric/random.js';
export { type Faded, type FadeOptions, fade, faded } from './patch/fade.js';
export { type Gap, type GapBody, gapOf, type PatchPrecision } from './patch/gap.js';
export {
  opaqueNetwork,
  type Patched,
  type PatchedRegion,
  type PatchMap,
  type PatchOptions,
  patch,
  patchFunction,
} from './patch/patch.js';
export { type PlainChain, type PlainChainOptions, plainChain } from './patch/plain-chain.js';
export { type PatchProbes, type ProbeOptions, patchProbes, type RegionProbes } from './patch/probes.js';
export type { Changes, ShellReport } from './patch/shell-report.js';
export {
  type Certificate,
  type CertificateOptions,
  type CertifiedDemand,
  certificateFlaw,
  certificateOf,
  certificateOfProof,
  certificateText,
} from './proof/certificate.js';
export { certify } from './proof/certify.js';
export type { FrozenLayer } from './proof/clearing.js';
export { provenDemand } from './proof/enclosed-piece.js';
export { type FreezeOptions, type Frozen, freeze } from './proof/freeze.js';
export type {
  Certified,
  CertifyOptions,
  LayerMargin,
  RegionProof,
  Uncertified,
} from './proof/plain-proof.js';
export { type RelaxedOptions, relaxed } from './proof/relaxed.js';
export type { Relaxed } from './proof/relaxed-value.js';
export {
  type ExactConstraint,
  type SmtProof,
  type SmtProofOptions,
  smtProof,
} from './proof/smt/smt-proof.js';
export { lookahead } from './proof/spare-search.js';
export type { Lookahead, SparingAttempt } from './proof/sparing.js';
export type { Budget } from './refit/distil.js';
export type { RefitStage, RefitStageName } from './refit/race.js';
export { type RefitOptions, type RefitProgress, type Refitted, refit, refitSteps } from './refit/refit.js';
export {
  ball,
  box,
  boxAround,
  circle,
  convexHull,
  crossPolytope,
  ellipsoid,
  ellipsoidOfShape,
  type HullOptions,
  type HullProgress,
  hPolytope,
  imageUnder,
  inSubspace,
  type LinearMap,
  type LinearPrograms,
  MAX_VERTICES,
  pointsAt,
  type Region,
  type RegionJSON,
  type RegionJSONOptions,
  type RegionOptions,
  regionFromJSON,
  regionSchedule,
  regularPolygon,
  scaled,
  simplex,
  vPolytope,
  zonotope,
} from './regions/index.js';
export { majority, type Policy, type PolicyFunction, type StraddlingUnit } from './rule/policy.js';
