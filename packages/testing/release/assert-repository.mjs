// Provenance states the repository that a package was built from, and its links lead there: no release without a true one.
import { readFileSync } from 'node:fs';

const { repository } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
if (/\.example\b/.test(repository.url)) {
  process.stderr.write(
    `The address of the repository is still ${repository.url}: write the true one into package.json (homepage, bugs, repository), then npm run manifests.\n`,
  );
  process.exitCode = 1;
}
