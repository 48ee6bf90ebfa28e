import { defaultDevice, numpy as np } from '@jax-js/jax';

/** An array of jax-js, concrete or traced. As everywhere in jax-js a function uses up the arrays it is given. */
export type Tensor = np.Array;

/** Formats that models are trained in. */
export type Format = 'float32' | 'float64';

/** A number in a format of its own: a bare number next to another one would be float32. */
export const scalar = (value: number, dtype: Tensor['dtype'] | Format): Tensor =>
  np.array(value, { dtype: dtype as Tensor['dtype'] });

/** Numbers of a shape. */
export function tensorOf(values: ArrayLike<number>, shape: readonly number[], dtype: Format): Tensor {
  const data = dtype === 'float64' ? Float64Array.from(values) : Float32Array.from(values);
  return np.array(data, { shape: [...shape] });
}

export const indicesOf = (values: ArrayLike<number>, shape: readonly number[]): Tensor =>
  np.array(Int32Array.from(values), { shape: [...shape] });

/** Something made once for each format and device; every call gives a reference to use up. */
export type Constant = (dtype: Tensor['dtype']) => Tensor;

/** Numbers that stay on the device in every format they are asked for. */
export const constant = (values: ArrayLike<number>, shape: readonly number[]): Constant =>
  kept(dtype => tensorOf(values, shape, dtype as Format));

function kept(make: (dtype: Tensor['dtype']) => Tensor): Constant {
  const made = new Map<string, Tensor>();
  return dtype => {
    const key = `${dtype} ${defaultDevice()}`;
    const present = made.get(key) ?? make(dtype);
    made.set(key, present);
    return present.ref;
  };
}

/** The numbers of an array, downloaded; the array is left as it is. */
export const numbersOf = (array: Tensor): Float64Array => Float64Array.from(array.ref.dataSync());

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);

/** The dimensions before those of one row: none, one, or more. */
export const leadOf = ({ shape }: Tensor, row: readonly number[]): number[] =>
  shape.slice(0, shape.length - row.length);

/** Rows `[..., inner]` through a function of `[n, ...rows]`, to `[..., ...shape]`. */
export function byRows(
  x: Tensor,
  inputShape: readonly number[],
  rows: readonly number[],
  shape: readonly number[],
  apply: (x: Tensor) => Tensor,
): Tensor {
  const lead = leadOf(x, inputShape);
  return apply(x.reshape([sizeOf(lead), ...rows])).reshape([...lead, ...shape]);
}
