export * from './dist/node-files.js';
