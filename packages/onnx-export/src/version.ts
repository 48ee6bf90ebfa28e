/** This package's version, written by `npm run manifests`. */
export const version: string = '0.1.0';
