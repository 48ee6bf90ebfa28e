import type { Windows } from '@police/core';

/** Windows as tables of one size, for gathering. */
export interface WindowTables {
  readonly windows: number;
  /** Places of the largest window; a smaller one repeats its first entry, which is no rival of itself and never the first of those tied. */
  readonly places: number;
  /** Entries, `[places, windows]`. */
  readonly entries: Int32Array;
  /** Of each entry of the input the places it is at, as indices into `entries`: `[most, size]`, some of nothing. */
  readonly placesOf: Inverse;
  /** Likewise the windows it is in. */
  readonly windowsOf: Inverse;
}

/** Where each of `size` entries is found, `[most, size]`. */
export interface Inverse {
  readonly most: number;
  readonly index: Int32Array;
  /** 1, or 0 where `index` says nothing. */
  readonly isThere: Float32Array;
}

export function windowTables({ offsets, members }: Windows, size: number): WindowTables {
  const windows = offsets.length - 1;
  const lengths = Array.from({ length: windows }, (_, w) => offsets[w + 1] - offsets[w]);
  const places = lengths.reduce((most, length) => Math.max(most, length), 1);
  const entries = new Int32Array(places * windows);
  const [atPlaces, inWindows] = [emptyLists(size), emptyLists(size)];
  for (let w = 0; w < windows; w++) {
    for (let place = 0; place < places; place++) {
      const isIn = place < lengths[w];
      const entry = members[offsets[w] + (isIn ? place : 0)];
      entries[place * windows + w] = entry;
      if (!isIn) continue;
      atPlaces[entry].push(place * windows + w);
      if (inWindows[entry].at(-1) !== w) inWindows[entry].push(w);
    }
  }
  return { windows, places, entries, placesOf: inverse(atPlaces), windowsOf: inverse(inWindows) };
}

const emptyLists = (size: number): number[][] => Array.from({ length: size }, () => []);

function inverse(lists: readonly (readonly number[])[]): Inverse {
  const most = lists.reduce((longest, { length }) => Math.max(longest, length), 1);
  const index = new Int32Array(most * lists.length);
  const isThere = new Float32Array(most * lists.length);
  lists.forEach((list, entry) => {
    list.forEach((at, k) => {
      index[k * lists.length + entry] = at;
      isThere[k * lists.length + entry] = 1;
    });
  });
  return { most, index, isThere };
}
