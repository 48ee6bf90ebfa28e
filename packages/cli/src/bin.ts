import { guard } from './process-guard.js';
import { run } from './run.js';

guard(process);
process.exitCode = await run(process.argv.slice(2), process);
