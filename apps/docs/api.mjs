// The API reference: a Markdown page for each door of each package, from its docstrings, into out/api. Fails where a public name has none.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Application, ReflectionKind } from 'typedoc';
import { publishedPackages } from '../../packages/testing/release/manifests.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));

/** The name of every door that TypeScript can look into (`@police/core/adapter`), by the file that it is written in. */
const doors = new Map(
  publishedPackages().flatMap(({ folder, manifest }) =>
    Object.entries(manifest.exports ?? {}).flatMap(([path, { '@police/source': source }]) =>
      source ? [[`${root}packages/${folder}/${source.slice(2)}`, `${manifest.name}${path.slice(1)}`]] : [],
    ),
  ),
);

const { homepage } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const app = await Application.bootstrapWithPlugins({
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: Array.from(doors.keys()),
  tsconfig: `${here}tsconfig.api.json`,
  displayBasePath: root,
  out: `${here}out/api`,
  router: 'module',
  readme: 'none',
  sourceLinkTemplate: `${homepage}/blob/main/{path}#L{line}`,
  disableGit: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  excludeInternal: true,
  excludeExternals: true,
  // Comments may speak of what is not exported: such a link is its text.
  validation: { invalidLink: false, notExported: false },
  useCodeBlocks: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  propertyMembersFormat: 'table',
  tableColumnSettings: { leftAlignHeaders: true, hideSources: true, hideModifiers: true },
  logLevel: 'Warn',
});
const project = await app.convert();
if (!project) throw new Error('the sources do not compile');
const modules = project.getChildrenByKind(ReflectionKind.Module);
for (const module of modules) module.name = doors.get(module.sources[0].fullFileName);

const bare = modules.flatMap(module =>
  publicNames(module)
    .filter(each => !isDocumented(each))
    .map(each => `${each.getFullName()} (${each.sources?.[0].fileName})`),
);
if (bare.length > 0) throw new Error(`public names without a docstring:\n${bare.join('\n')}`);
app.renderer.on('endPage', page => {
  page.contents = page.contents
    .replaceAll('| `undefined` |', '| – |') // an option without a default is not one of `undefined`
    .replace(/#[\w-]*_[\w-]*\)/g, anchor => anchor.replaceAll('_', '-')); // as VitePress names headings
});
await app.generateOutputs(project);

/** What a door exports, namespaces looked into; what it only passes on is told where it is from. */
function publicNames({ children = [] }) {
  return children.flatMap(each => {
    if (each.kind === ReflectionKind.Namespace) return publicNames(each);
    return each.kind === ReflectionKind.Reference ? [] : [each];
  });
}

function isDocumented({ comment, signatures, type }) {
  const ofSignature = (signatures ?? type?.declaration?.signatures ?? []).some(each => each.comment);
  return Boolean(comment) || ofSignature;
}
