import { type ConvGeometry, fanIn, inPlane, kernelSize, outPlane } from './conv-geometry.js';
import { multiplyPanels, roundUpToPanel } from './panels.js';

/** Entries of a tile of patches, 256 KB: what fits a core's second cache, and bounds the temporary memory. */
const TILE_ENTRIES = 2 ** 15;

/**
 * A convolution of dense rows as products of three matrices: for one group and one tile of output positions, the
 * weights W `[outChannels, K]`, the patches X `[positions, K]` that the outputs meet, and the outputs
 * Y `[outChannels, positions]`, K = inChannels · kH · kW. Then Y = W Xᵀ, its adjoint is X = Yᵀ W, and dW = Y X. All
 * three are kept padded to whole panels.
 */
export class ConvTiles {
  readonly #geometry: ConvGeometry;
  /** Padded numbers of kernel entries, output channels and positions. */
  readonly #fan: number;
  readonly #channels: number;
  readonly #positions: number;
  readonly #weight: Float64Array;
  readonly #patches: Float64Array;
  readonly #outputs: Float64Array;
  readonly #meetings: Int32Array;
  /** The tile's group, first output position and number of positions. */
  #group = 0;
  #start = 0;
  #count = 0;

  constructor(geometry: ConvGeometry) {
    this.#geometry = geometry;
    this.#fan = roundUpToPanel(fanIn(geometry));
    this.#channels = roundUpToPanel(geometry.outChannels);
    const fitting = Math.max(1, Math.floor(TILE_ENTRIES / this.#fan));
    this.#positions = roundUpToPanel(Math.min(fitting, outPlane(geometry)));
    this.#weight = new Float64Array(this.#channels * this.#fan);
    this.#patches = new Float64Array(this.#positions * this.#fan);
    this.#outputs = new Float64Array(this.#channels * this.#positions);
    this.#meetings = new Int32Array(this.#positions * kernelSize(geometry));
  }

  /** Writes the convolution of one row to y, which holds zeros. */
  convolve(weight: Float64Array, x: Float64Array, y: Float64Array): void {
    const { weightRows, patchRows, outputRows } = this.#matrices();
    this.#eachTile(weight, () => {
      if (!this.#loadPatches(x)) return;
      multiplyPanels(weightRows, patchRows, this.#fan, outputRows.data);
      this.#storeOutputs(y);
    });
  }

  /** Adds the adjoint of one row to x. */
  convolveBack(weight: Float64Array, y: Float64Array, x: Float64Array): void {
    const { weightColumns, patchRows, outputColumns } = this.#matrices();
    this.#eachTile(weight, () => {
      if (!this.#loadOutputs(y)) return;
      multiplyPanels(outputColumns, weightColumns, this.#channels, patchRows.data);
      this.#addPatches(x);
    });
  }

  /** Adds one row's dLoss/dweight to `into`. */
  addGradient(into: Float64Array, x: Float64Array, dy: Float64Array): void {
    const { weightRows, patchColumns, outputRows } = this.#matrices();
    this.#eachTile(undefined, () => {
      if (!this.#loadOutputs(dy) || !this.#loadPatches(x)) return;
      multiplyPanels(outputRows, patchColumns, this.#positions, weightRows.data);
      this.#addWeight(into);
    });
  }

  #matrices() {
    const [fan, channels, positions] = [this.#fan, this.#channels, this.#positions];
    return {
      weightRows: { data: this.#weight, rows: channels, rowStep: fan, step: 1 },
      weightColumns: { data: this.#weight, rows: fan, rowStep: 1, step: fan },
      patchRows: { data: this.#patches, rows: positions, rowStep: fan, step: 1 },
      patchColumns: { data: this.#patches, rows: fan, rowStep: 1, step: fan },
      outputRows: { data: this.#outputs, rows: channels, rowStep: positions, step: 1 },
      outputColumns: { data: this.#outputs, rows: positions, rowStep: 1, step: positions },
    };
  }

  #eachTile(weight: Float64Array | undefined, visit: () => void): void {
    const plane = outPlane(this.#geometry);
    for (this.#group = 0; this.#group < this.#geometry.groups; this.#group++) {
      if (weight) this.#loadWeight(weight);
      for (this.#start = 0; this.#start < plane; this.#start += this.#positions) {
        this.#count = Math.min(this.#positions, plane - this.#start);
        this.#findMeetings();
        visit();
      }
    }
  }

  #loadWeight(weight: Float64Array): void {
    const fan = fanIn(this.#geometry);
    const { outChannels } = this.#geometry;
    for (let o = 0; o < outChannels; o++) {
      const from = (this.#group * outChannels + o) * fan;
      this.#weight.set(weight.subarray(from, from + fan), o * this.#fan);
    }
  }

  #addWeight(into: Float64Array): void {
    const fan = fanIn(this.#geometry);
    const { outChannels } = this.#geometry;
    for (let o = 0; o < outChannels; o++) {
      const to = (this.#group * outChannels + o) * fan;
      for (let k = 0; k < fan; k++) into[to + k] += this.#weight[o * this.#fan + k];
    }
  }

  /** Says whether there is any non-zero. */
  #loadPatches(x: Float64Array): boolean {
    const patches = this.#patches;
    const meetings = this.#meetings;
    const { inChannels } = this.#geometry;
    const kernel = kernelSize(this.#geometry);
    const plane = inPlane(this.#geometry);
    let any = false;
    for (let s = 0; s < this.#count; s++) {
      let entry = s * this.#fan;
      for (let c = this.#group * inChannels; c < (this.#group + 1) * inChannels; c++) {
        for (let m = s * kernel; m < (s + 1) * kernel; m++, entry++) {
          const value = meetings[m] < 0 ? 0 : x[c * plane + meetings[m]];
          patches[entry] = value;
          any ||= value !== 0;
        }
      }
    }
    return any;
  }

  #addPatches(x: Float64Array): void {
    const patches = this.#patches;
    const meetings = this.#meetings;
    const { inChannels } = this.#geometry;
    const kernel = kernelSize(this.#geometry);
    const plane = inPlane(this.#geometry);
    for (let s = 0; s < this.#count; s++) {
      let entry = s * this.#fan;
      for (let c = this.#group * inChannels; c < (this.#group + 1) * inChannels; c++) {
        for (let m = s * kernel; m < (s + 1) * kernel; m++, entry++) {
          if (meetings[m] >= 0) x[c * plane + meetings[m]] += patches[entry];
        }
      }
    }
  }

  /** Where in a channel each output of the tile meets the input, −1 in the padding: `[positions, kH · kW]`. */
  #findMeetings(): void {
    const { height, width } = this.#geometry;
    let m = 0;
    for (let s = this.#start; s < this.#start + this.#count; s++) {
      const row = Math.floor(s / width.outSize) * height.kernel;
      const column = (s % width.outSize) * width.kernel;
      for (let t = row; t < row + height.kernel; t++) {
        for (let u = column; u < column + width.kernel; u++) {
          const [h, w] = [height.inputOf[t], width.inputOf[u]];
          this.#meetings[m++] = h < 0 || w < 0 ? -1 : h * width.inSize + w;
        }
      }
    }
  }

  /** Says whether there is any non-zero. Positions beyond the tile's are zeros, so what their patches hold is moot. */
  #loadOutputs(y: Float64Array): boolean {
    let any = false;
    this.#outputs.fill(0);
    for (let o = 0; o < this.#geometry.outChannels; o++) {
      const from = this.#outputStart(o);
      const row = y.subarray(from, from + this.#count);
      this.#outputs.set(row, o * this.#positions);
      any ||= row.some(value => value !== 0);
    }
    return any;
  }

  #storeOutputs(y: Float64Array): void {
    for (let o = 0; o < this.#geometry.outChannels; o++) {
      const from = o * this.#positions;
      y.set(this.#outputs.subarray(from, from + this.#count), this.#outputStart(o));
    }
  }

  #outputStart(channel: number): number {
    const plane = outPlane(this.#geometry);
    return (this.#group * this.#geometry.outChannels + channel) * plane + this.#start;
  }
}
