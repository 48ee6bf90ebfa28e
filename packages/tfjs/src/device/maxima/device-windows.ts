import type { Windows } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import { withSaved } from '../../ops/with-saved.js';
import type { DeviceConstants } from '../constants.js';
import { indicator, select } from '../select.js';
import { type Inverse, type WindowTables, windowTables } from './window-tables.js';

/** The windows of one maximum on the device. */
export class DeviceWindows {
  private readonly tables: WindowTables;

  constructor(
    windows: Windows,
    private readonly size: number,
    private readonly constants: DeviceConstants,
    private readonly name: string,
  ) {
    this.tables = windowTables(windows, size);
  }

  get windows(): number {
    return this.tables.windows;
  }

  get places(): number {
    return this.tables.places;
  }

  /** Numbers from 1 up of the entries, `[places, windows]`. */
  numbers(): tf.Tensor2D {
    const { entries, places } = this.tables;
    return this.constants.rows(`${this.name} numbers`, places, () => Float32Array.from(entries, e => e + 1));
  }

  /** 1 for pairs of two entries, 0 for an entry with itself, `[places, places, windows]` of bool. */
  areTwo(): tf.Tensor {
    const { places, windows } = this;
    return this.constants.get(`${this.name} pairs`, () =>
      tf.tidy(() => {
        const all = this.numbers();
        return tf.notEqual(tf.reshape(all, [places, 1, windows]), tf.reshape(all, [1, places, windows]));
      }),
    );
  }

  /** Values `[n, size]` at the places, `[n, places, windows]`. */
  spread(x: tf.Tensor2D): tf.Tensor3D {
    const { entries, places, windows } = this.tables;
    return tf.reshape(this.gathered(x, 'entries', entries), [-1, places, windows]);
  }

  /** The adjoint: sums over the places of each entry. */
  collected(d: tf.Tensor): tf.Tensor2D {
    const { placesOf } = this.tables;
    const flat = tf.reshape(d, [d.shape[0], -1]) as tf.Tensor2D;
    return this.summed(this.gathered(flat, 'places of', placesOf.index), 'places of', placesOf);
  }

  /** `max(y, x_winner + lift)` as `liftedMax`: `winner` `[windows]` are numbers of entries, 0 where nothing is lifted. */
  lifted(y: tf.Tensor, x: tf.Tensor, winner: tf.Tensor, lift: tf.Tensor): tf.Tensor {
    const rows = tf.reshape(x, [x.shape[0], this.size]) as tf.Tensor2D;
    return tf.maximum(y, tf.reshape(tf.add(this.picked(rows, winner), lift), y.shape));
  }

  /** The winners `[n, windows]` of x `[n, size]`; the first entry of a window that nothing lifts. */
  private picked(x: tf.Tensor2D, winner: tf.Tensor): tf.Tensor {
    const { constants, tables } = this;
    const { windowsOf, entries, windows } = tables;
    const first = constants.get(`${this.name} first`, () =>
      tf.tensor1d(Float32Array.from(entries.subarray(0, windows), e => e + 1)),
    );
    const number = select(tf.greater(winner, constants.filled([], 0)), winner, first);
    const index = tf.cast(tf.sub(number, constants.filled([], 1)), 'int32') as tf.Tensor1D;
    const [value] = withSaved({ x }, { number }, [tf.gather(x, index, 1)], ([dy], saved) =>
      tf.tidy(() => {
        const at = (values: tf.Tensor) => this.gathered(values, 'windows of', windowsOf.index);
        const own = constants.rows(`${this.name} own`, 1, () =>
          Float32Array.from({ length: windowsOf.index.length }, (_, i) => (i % this.size) + 1),
        );
        const isWinner = indicator(tf.equal(at(tf.reshape(saved.number, [1, windows])), own), constants);
        return { x: this.summed(tf.mul(at(dy), isWinner), 'windows of', windowsOf) };
      }),
    );
    return value;
  }

  private gathered(x: tf.Tensor, name: string, index: Int32Array): tf.Tensor2D {
    const at = this.constants.get(`${this.name} ${name}`, () => tf.tensor1d(index, 'int32'));
    return tf.gather(x, at, 1) as tf.Tensor2D;
  }

  /** Of `[n, most · size]` the sums over what is there, `[n, size]`. */
  private summed(x: tf.Tensor, name: string, { most, isThere }: Inverse): tf.Tensor2D {
    const there = this.constants.rows(`${this.name} ${name}: there`, 1, () => isThere);
    const kept = tf.mul(x, there);
    return (most === 1 ? kept : tf.sum(tf.reshape(kept, [-1, most, this.size]), 1)) as tf.Tensor2D;
  }
}
