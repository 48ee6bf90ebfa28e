// The programs in the guides: a page's blocks of code, one after the other, are one program, of JavaScript under start/, else of TypeScript. Tests run it, and pictures are drawn from it.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';

const docs = fileURLToPath(new URL('../../docs', import.meta.url));
const out = fileURLToPath(new URL('out/run', import.meta.url));

/** Blocks of a language on a page of docs/, in order. */
export async function blocksOf(page, language) {
  const text = await readFile(`${docs}/${page}.md`, 'utf8');
  return Array.from(
    text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g')),
    match => match[1],
  );
}

/** Runs a page's program, and gives the values that it has under these names at its end. */
export async function runPage(page, names) {
  const blocks = [...(await blocksOf(page, 'ts')), ...(await blocksOf(page, 'js'))];
  const loader = page.startsWith('start/') ? 'js' : 'ts';
  const { code } = await transform(`${blocks.join('\n')}\nexport { ${names.join(', ')} };\n`, {
    loader,
  });
  const file = `${out}/${page.replaceAll('/', '-')}-${process.pid}.mjs`;
  await mkdir(out, { recursive: true });
  await writeFile(file, code);
  try {
    return await import(/* @vite-ignore */ file);
  } finally {
    await rm(file);
  }
}
