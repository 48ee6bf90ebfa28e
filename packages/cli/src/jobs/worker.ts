import { useFastProducts } from '@police/core/fast';
import { runJob } from './run-job.js';

useFastProducts();

/** What threads of the pool run. */
export default runJob;
