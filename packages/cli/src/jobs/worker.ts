import { runJob } from './run-job.js';

/** What threads of the pool run. */
export default runJob;
