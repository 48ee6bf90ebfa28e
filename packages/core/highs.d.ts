export * from './dist/regions/programs/highs.js';
