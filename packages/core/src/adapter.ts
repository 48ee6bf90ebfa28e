export { DemandHolder, type HeldMap } from './demands/held-map.js';
export { type StoredMap, storedMap } from './demands/stored-map.js';
export { assertFinite, assertSize, firstNonFinite, within } from './errors.js';
export { approximationErrors, approximationErrorsOf } from './frames/approximation-error.js';
export {
  type PolicedLayer,
  type PolicedPass,
  type PoliceSettings,
  policedPass,
  writeActivatedFrame,
} from './frames/policed-pass.js';
export { assertRegionsFit } from './frames/propagators-for.js';
export { alreadyConstrained, checkedTrainingOptions } from './gradient/checked-training-options.js';
export { constraintLogOf, constraintReport } from './gradient/constraint-report.js';
export { activateFrameAdjoint, maxFramesAdjoint } from './gradient/frame-adjoint.js';
export { holdersOf, provenTargets } from './gradient/targets.js';
export type {
  TrainingMethod,
  TrainingOption,
  TrainingOptionChecks,
  TrainingSettings,
} from './gradient/training-options.js';
export { addUnitGradient, backwardFrames, biasGradient } from './in-place/backward-frames.js';
export type { FlatBlock, FlatLayer, FlatNetwork, FlatNumbers } from './in-place/flat-network.js';
export { forwardFrames } from './in-place/forward-frames.js';
export { type FramePass, framePass, type LayerFrames } from './in-place/frame-pass.js';
export { outputDrift } from './maps/drift.js';
export { assertMapFits, jacobianSolver, prescribedFrame } from './maps/prescribe.js';
export { totalsOf } from './maps/report.js';
export {
  activate,
  type Curve,
  type Kink,
  type Piece,
  type SmoothActivationName,
} from './network/activation.js';
export { type ActivationParameters, activationByName } from './network/activation-by-name.js';
export { accumulateAffineGradient, applyAffine } from './network/affine-operator.js';
export { biasOwner } from './network/fold.js';
export { forwardValues } from './network/forward.js';
export { type Lifts, windowsOf } from './network/max-windows.js';
export { mapNodes } from './network/network.js';
export {
  type ActivationNode,
  type AffineNode,
  type ClampNode,
  type ConcatNode,
  type InputNode,
  inputsOf,
  type MaxNode,
  type NodeByKind,
  type NodeKind,
  type OpaqueNode,
  type SumNode,
  withInputs,
} from './network/nodes.js';
export type { AffineContract, AffineGradient } from './network/operators/contract.js';
export { UNRESOLVED } from './network/unresolved.js';
export {
  applyRule,
  type BackRules,
  byKind,
  ifKind,
  type NodeTable,
  onDemand,
  type Rules,
  walk,
  walkBack,
} from './network/walk.js';
export { multiplyAdds } from './network/work.js';
export { type ChangeCounts, changeCounts } from './numeric/changes.js';
export { type Block, concatColumns, rowRange } from './numeric/matrix.js';
export { sumErrorBound } from './numeric/precision.js';
export { addProduct, addTransposed } from './numeric/products.js';
export { seededRng } from './numeric/random.js';
export { shiftsOf as addedShifts } from './patch/fade.js';
export { firstMap } from './patch/first-map.js';
export { gatesOf } from './patch/gates.js';
export { gapApartFrom } from './patch/probes.js';
export { leastGapApart } from './patch/steepness.js';
export { type PatchParts, withPatches } from './patch/with-patches.js';
export { SMOOTH_FUNCTION_ERROR } from './proof/bounded-pieces.js';
export { assertDemand } from './proof/enclosed-piece.js';
export { regionsHash, sha256Hex } from './proof/hash.js';
export { relaxedNodes } from './proof/relaxed.js';
export { isRepresentable, roundNetwork } from './proof/rounding.js';
export {
  type Body,
  type LinearProgramResult,
  type Range,
  type RegionParts,
  regionOf,
} from './regions/index.js';
export { measure, type RegionMeasure } from './regions/measure/measure.js';
export { loadedPrograms, usePrograms } from './regions/programs/loaded-programs.js';
export { centreOf, containmentAllowance } from './regions/region.js';
export type { UnitBall } from './regions/unit-balls.js';
export {
  activeRows,
  shiftGradient,
  shiftsOf,
} from './rule/layer-shift.js';
export { type AffinePieces, piecesOn } from './rule/pieces.js';
export type { Shifts } from './rule/shift.js';
export {
  chooseWinners,
  type MaxShifts,
  maxFrame,
  pairLeads,
  winnersOn,
} from './rule/winners.js';
