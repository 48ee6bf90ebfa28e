import { rangesOf } from '../numeric/live.js';
import { type Products, useProducts } from '../numeric/tap-product.js';
import { type Machine, multiplyRows, roomFor } from './block-products.js';
import { helpersOf } from './helpers.js';
import { type Kernels, kernelBytes, PEAK_SUMS } from './kernel.js';

declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: object };
  Memory: new (limits: {
    initial: number;
    maximum: number;
    shared?: boolean;
  }) => { readonly buffer: ArrayBuffer; grow(pages: number): number };
};

const PAGE = 2 ** 16;

/** 4 GiB, all that WebAssembly of 32 bits can address. */
const MOST_PAGES = 2 ** 16;

/** How products are made fast. */
export interface FastOptions {
  /**
   * Threads that multiply, this one included. Others are started when there is work for them, in Node.js alone, and end with the process. Results
   * are the same to the last bit however many there are.
   * @defaultValue 1
   */
  readonly threads?: number;
}

/**
 * Multiplies blocks of rows by a kernel in WebAssembly (float64, SIMD) from here on, in the whole process: five to six times as fast, to the
 * same bits for dense layers and convolutions. It is apart from the rest, so that who needs none does not load it. Returns whether there is
 * WebAssembly with SIMD: without, or where a Content-Security-Policy forbids it, nothing changes.
 */
export function useFastProducts({ threads = 1 }: FastOptions = {}): boolean {
  const machine = machineOrNothing(threads);
  if (!machine) return false;
  const products: Products = {
    multiply: (product, x) => {
      const y = roomFor(product, x.rows);
      const isWritten = multiplyRows(machine, product, x, y);
      if (!isWritten) return undefined;
      return x.live ? { ...y, live: rangesOf(everyChannel(isWritten, y.cols)) } : y;
    },
  };
  useProducts(products);
  return true;
}

/** The positions marked, channel after channel. */
function everyChannel(isWritten: Uint8Array, cols: number): Uint8Array {
  const marks = new Uint8Array(cols);
  for (let start = 0; start < cols; start += isWritten.length) marks.set(isWritten, start);
  return marks;
}

/** The machine of this process: threads are kept from one call to the next. */
let current: Machine | undefined;

function machineOrNothing(threads: number): Machine | undefined {
  if (current?.threads === threads) return current;
  try {
    const made = machine(threads);
    current?.dismiss();
    current = made;
    return made;
  } catch (error) {
    // No WebAssembly, none with SIMD (CompileError), or forbidden by the page (CompileError, EvalError).
    if (
      error instanceof Error &&
      ['CompileError', 'EvalError', 'ReferenceError', 'RangeError'].includes(error.name)
    )
      return;
    throw error;
  }
}

function machine(threads: number): Machine {
  const shared = threads > 1;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared });
  const module = new WebAssembly.Module(kernelBytes(MOST_PAGES, shared));
  const kernels = new WebAssembly.Instance(module, { memory: { memory } }).exports as Kernels;
  const helpers = helpersOf(threads - 1, { module, memory });
  return {
    ...helpers,
    kernels,
    threads,
    reserve: bytes => {
      const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
      if (missing <= 0) return true;
      try {
        memory.grow(missing);
        return true;
      } catch (error) {
        if (error instanceof RangeError) return false;
        throw error;
      }
    },
    buffer: () => memory.buffer,
  };
}

/** Multiply-adds of float64 that the kernel could make in `rounds` if it had nothing to load: run it and take the time. */
export function peakMultiplyAdds(rounds: number): number {
  machine(1).kernels.peak(rounds);
  return 2 * PEAK_SUMS * rounds;
}
