/** Throws unless every tarball holds what its reader needs and nothing of a build's own. */
export function checkTarballs(packed) {
  for (const [name, { files }] of packed) {
    const strange = files.filter(path => /tsbuildinfo|(^|\/)(test|bench|fuzz)\//.test(path));
    const missing = ['LICENSE', 'README.md', 'package.json'].filter(path => !files.includes(path));
    if (strange.length + missing.length > 0)
      throw new Error(`${name}'s tarball: too much ${strange}; missing ${missing}`);
  }
  process.stdout.write(`${packed.size} tarballs hold what they should\n`);
}
