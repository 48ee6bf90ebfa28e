import fc from 'fast-check';

// Generated cases are new in every run, except in CI, where a change is to be judged by itself: FC_SEED, or a fixed one.
const seed = process.env.FC_SEED ?? (process.env.CI ? '1' : undefined);
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });
