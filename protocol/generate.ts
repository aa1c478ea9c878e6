/**
 * Makes protocol/generated from protocol/schema: `node protocol/generate.ts`. Works without a network: both programs are
 * development dependencies. The result is committed and never edited.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const template = {
  version: 'v2',
  plugins: [
    {
      local: ['node', 'node_modules/@bufbuild/protoc-gen-es/bin/protoc-gen-es'],
      out: 'protocol/generated',
      opt: ['target=ts', 'import_extension=ts', 'erasable_syntax=true'],
    },
  ],
};

const { status, error } = spawnSync(
  'node',
  ['node_modules/@bufbuild/buf/bin/buf', 'generate', 'protocol/schema', '--template', JSON.stringify(template)],
  { cwd: root, stdio: 'inherit' },
);
if (error !== undefined) throw error;
process.exitCode = status ?? 1;
