export * from './dist/all.js';
