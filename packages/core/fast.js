export * from './dist/fast/index.js';
