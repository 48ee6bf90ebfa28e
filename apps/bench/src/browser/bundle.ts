import { fileURLToPath } from 'node:url';
import { build, type Rolldown } from 'vite';

/** Scripts of this folder that run in a page. */
export type PageScript = 'page' | 'quality-page';

/** A page's script with all it imports. */
export async function bundlePage(script: PageScript): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: false,
      // The page is a script with no file beside it.
      rolldownOptions: {
        input: fileURLToPath(new URL(`./${script}.js`, import.meta.url)),
        output: { format: 'iife', codeSplitting: false },
      },
    },
  });
  const { output } = built as Rolldown.RolldownOutput;
  return output[0].code;
}
