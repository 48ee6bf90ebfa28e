// CHANGELOGs for people: what a changeset says, without commit hashes, and nothing where only a sister package changed.
const indented = text =>
  text
    .trim()
    .split('\n')
    .map((line, i) => (i === 0 || line === '' ? line : `  ${line}`))
    .join('\n');

module.exports = {
  getReleaseLine: async ({ summary }) => `- ${indented(summary)}\n`,
  getDependencyReleaseLine: async () => '',
};
