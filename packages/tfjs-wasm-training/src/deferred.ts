import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type DataType, engine, type TensorInfo } from '@tensorflow/tfjs-core';

/** What the backend's dataIdMap holds for a tensor. */
type Entry = ReturnType<BackendWasm['dataIdMap']['get']>;

/** Not yet computed, by backend. */
const pending = new Map<BackendWasm, Set<Entry>>();

/** How many computations are under way, one for another. */
let computing = 0;

/**
 * A tensor computed when first read, or never.
 *
 * tfjs computes the gradient of a layer to its input even for the first layer, where nobody reads it: the gradients of
 * fused ops are computed together. Deferral takes the median step of
 * 784-256-256-10 from 10.6 to 9.1 ms (SGD).
 *
 * All readers take `id` (kernels) or `memoryOffset` (data) of the tensor's entry, here accessors that compute. Clones
 * and reshapes only count references. The operands are retained until then; they are immutable, as all tensors are.
 *
 * @param compute the value, from operands like those given; it must not track tensors in a tidy scope
 */
export function deferred(
  backend: BackendWasm,
  shape: number[],
  dtype: DataType,
  operands: TensorInfo[],
  compute: (...operands: TensorInfo[]) => TensorInfo,
): TensorInfo {
  // A variable is given new data when assigned: keep what it holds now.
  const held = operands.map(info => ({ dataId: info.dataId, shape: info.shape, dtype: info.dtype }));
  for (const info of held) backend.incRef(info.dataId);
  const waiting = pendingOf(backend);
  let computed: Entry | undefined;
  let busy = false;

  // The backend reads both accessors with refCount 0 when it frees the tensor: then there is nothing left to compute.
  const settle = (): Entry | undefined => {
    if (busy) throw new Error('A deferred tensor was read to compute itself');
    if (!waiting.delete(entry)) return computed;
    busy = true;
    computing++;
    try {
      if (entry.refCount > 0) {
        for (const info of held) void backend.dataIdMap.get(info.dataId).id;
        computed = owned(backend, compute(...held));
      }
    } finally {
      computing--;
      busy = false;
      for (const info of held) release(backend, info);
    }
    return computed;
  };
  const entry: Entry = {
    shape,
    dtype,
    refCount: 1,
    // 0 is the backend's null tensor and the heap's null pointer: freeing either does nothing.
    get id() {
      return settle()?.id ?? 0;
    },
    get memoryOffset() {
      return settle()?.memoryOffset ?? 0;
    },
  };
  waiting.add(entry);
  const dataId = {};
  backend.dataIdMap.set(dataId, entry);
  return { dataId, shape, dtype };
}

/** Computes whatever still waits, on all backends, and leaves them as upstream made them. */
export function settleAll(): void {
  for (const [backend, waiting] of pending) {
    settleEach(waiting);
    Reflect.deleteProperty(backend, 'typedArrayFromHeap');
  }
  pending.clear();
}

/** How many tensors wait. */
export const pendingCount = (): number =>
  [...pending.values()].reduce((sum, waiting) => sum + waiting.size, 0);

function pendingOf(backend: BackendWasm): Set<Entry> {
  const known = pending.get(backend);
  if (known) return known;
  const waiting = new Set<Entry>();
  pending.set(backend, waiting);
  // Upstream takes heap views one by one and keeps them: a tensor computed in between may grow the heap, which voids
  // the views already taken. So compute all before any view; but not amid a computation, whose operands are there, and
  // on whose result others may wait.
  const upstream = backend.typedArrayFromHeap;
  backend.typedArrayFromHeap = info => {
    if (computing === 0) settleEach(waiting);
    return upstream.call(backend, info);
  };
  return waiting;
}

function settleEach(waiting: Set<Entry>): void {
  for (const entry of [...waiting]) void entry.id;
}

/** The entry of a tensor just computed, taken out of the map without freeing its memory. */
function owned(backend: BackendWasm, info: TensorInfo): Entry {
  const entry = backend.dataIdMap.get(info.dataId);
  backend.dataIdMap.delete(info.dataId);
  return entry;
}

/** Gives an operand back, as the engine would: it may have moved to another backend since. */
function release(backend: BackendWasm, { dataId }: TensorInfo): void {
  const holder = engine().state.tensorInfo.get(dataId)?.backend ?? backend;
  if (holder.disposeData(dataId)) engine().removeDataId(dataId, holder);
}
