import { UnsortedSegmentSum, type UnsortedSegmentSumAttrs } from '@tensorflow/tfjs-core';
import { sizeOf, values, words, zeros } from './heap.js';
import { type Replacement, replacement } from './kernel.js';

/**
 * Sums the slices of x by segment: the gradient of gather and so of every embedding, which upstream lacks. Slices whose
 * segment is not in `[0, numSegments)` are dropped, as on cpu.
 */
export const unsortedSegmentSum: Replacement = replacement<'x' | 'segmentIds', UnsortedSegmentSumAttrs>(
  UnsortedSegmentSum,
  ({ inputs, attrs, backend }) => {
    const { x, segmentIds } = inputs;
    const { numSegments } = attrs;
    const out = zeros(backend, [numSegments, ...x.shape.slice(segmentIds.shape.length)], x.dtype);
    const [from, to] = values(backend, x, out);
    const [segments] = words(backend, segmentIds);
    const slice = sizeOf(out) / numSegments;
    segments.forEach((segment, i) => {
      if (segment < 0 || segment >= numSegments) return;
      const [target, source] = [segment * slice, i * slice];
      for (let j = 0; j < slice; j++) to[target + j] += from[source + j];
    });
    return out;
  },
);
