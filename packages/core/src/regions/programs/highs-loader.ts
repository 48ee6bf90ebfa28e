import type { Highs, InitOptions } from 'highs';
import * as highsModule from 'highs';

/** The package's types are those of its CommonJS build, in which the default export sits one level deeper. */
const upstream = highsModule as unknown as { default: (options?: InitOptions) => Promise<Highs> };

/**
 * Where HiGHS comes from: from its package here; what is published has it beside this file instead, put there by `bundle-highs.mjs`,
 * since upstream's module does not build for browsers.
 */
export const loadHighs: (options?: InitOptions) => Promise<Highs> = upstream.default;
