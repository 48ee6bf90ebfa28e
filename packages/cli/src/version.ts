import manifest from '#package.json' with { type: 'json' };

/** This package's version: package.json is its one source. */
export const version: string = manifest.version;
