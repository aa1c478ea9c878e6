// Every npm script comes through here: `node scripts/bootstrap.mjs COMMAND [ARGUMENT…]`.
//
// It runs on whatever Node the machine has, and on an old one must still live long enough to say so. Therefore this file uses no
// syntax younger than Node 12 and imports the rest only after the check.

const nodeMajorMin = 20;
const nodeVersion = process.versions.node;

if (Number(nodeVersion.split('.')[0]) < nodeMajorMin) {
  process.stderr.write(
    `tributary: this needs Node ${nodeMajorMin} or newer to start (it then brings its own Node 26); this is Node ${nodeVersion}.\n` +
      `  What to do: install a newer Node with your system's package manager or a version manager, then type the command again.\n`,
  );
  process.exitCode = 1;
} else {
  import('./bootstrap/main.mjs')
    .then((bootstrap) => bootstrap.main(process.argv.slice(2)))
    .catch((error) => {
      process.stderr.write(`tributary: the bootstrap itself failed, which is a bug of ours.\n${error.stack}\n`);
      process.exitCode = 1;
    });
}
