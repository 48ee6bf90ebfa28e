import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { getKernel, type KernelFunc, type NamedTensorInfoMap, type TensorInfo } from '@tensorflow/tfjs-core';

/** Runs a registered wasm kernel by name and owns its result. */
export type Run = (kernelName: string, inputs: NamedTensorInfoMap, attrs?: object) => TensorInfo;

export interface Call<Names extends string, Attrs> {
  inputs: Record<Names, TensorInfo>;
  attrs: Attrs;
  backend: BackendWasm;
  /** Upstream's kernel of the same name; throws where upstream has none. */
  stock: (inputs: Record<Names, TensorInfo>, attrs: Attrs) => TensorInfo;
}

/** A kernel that stands in for upstream's of the same name, or fills its gap. */
export interface Replacement {
  kernelName: string;
  /** `upstream` is the kernel replaced, if there is one. */
  over: (upstream: KernelFunc | undefined) => KernelFunc;
}

export function replacement<Names extends string, Attrs>(
  kernelName: string,
  compute: (call: Call<Names, Attrs>) => TensorInfo,
): Replacement {
  return {
    kernelName,
    over: upstream => params => {
      const backend = params.backend as BackendWasm;
      const stock: Call<Names, Attrs>['stock'] = (inputs, attrs) =>
        required(upstream, kernelName)({ inputs, attrs, backend } as never) as TensorInfo;
      return compute({
        inputs: params.inputs as Record<Names, TensorInfo>,
        attrs: params.attrs as Attrs,
        backend,
        stock,
      });
    },
  };
}

/**
 * A kernel composed of others: whatever `run` makes or `own` is given is released at the end, but the one returned. Kernels are called
 * directly and not through tf ops, because ops track their tensors in the caller's tidy scope, and a deferred kernel
 * may run inside any.
 */
export function compose(
  backend: BackendWasm,
  body: (run: Run, own: (info: TensorInfo) => TensorInfo) => TensorInfo,
): TensorInfo {
  const made: TensorInfo[] = [];
  let result: TensorInfo | undefined;
  const own = (info: TensorInfo): TensorInfo => {
    made.push(info);
    return info;
  };
  const run: Run = (kernelName, inputs, attrs = {}) => {
    const kernel = required(getKernel(kernelName, 'wasm')?.kernelFunc, kernelName);
    return own(kernel({ inputs, attrs: attrs as never, backend }) as TensorInfo);
  };
  try {
    result = body(run, own);
    return result;
  } finally {
    for (const info of made) if (info !== result) backend.disposeData(info.dataId);
  }
}

/** The same data under another shape of the same size. It owns nothing: the tensor viewed must outlive it. */
export const view = ({ dataId, dtype }: TensorInfo, shape: number[]): TensorInfo => ({
  dataId,
  dtype,
  shape,
});

/** The same tensor, made by a kernel and hence owned by its caller, under another shape. */
export function renamed(info: TensorInfo, shape: number[]): TensorInfo {
  info.shape = shape;
  return info;
}

function required(kernel: KernelFunc | undefined, kernelName: string): KernelFunc {
  if (!kernel) throw new Error(`The wasm backend has no kernel ${kernelName}`);
  return kernel;
}
