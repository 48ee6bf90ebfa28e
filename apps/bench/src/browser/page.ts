import { attempt } from '../attempt.js';
import { tfjsWebgl } from '../backends/tfjs-webgl.js';
import { tfjsWebgpu } from '../backends/tfjs-webgpu.js';
import type { PageGlobals } from './attempt.js';

/** Runs in the page: what a worker does in Node, with the same cases, contenders and rounds. */
const page = globalThis as unknown as PageGlobals;
const backends = [tfjsWebgl, tfjsWebgpu];
page.attempt = job =>
  attempt(job, backends.find(({ name }) => name === job.backend)!, contender => void page.at(contender));
