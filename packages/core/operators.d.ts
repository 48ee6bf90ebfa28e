export * from './dist/network/operators/index.js';
