export * from './dist/lean.js';
