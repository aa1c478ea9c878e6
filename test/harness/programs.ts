import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryRoot: string = fileURLToPath(new URL('../../', import.meta.url));

/** A command and its first arguments. */
export type Command = readonly [string, ...string[]];

/** How the two products are started: from source, or as shipped. */
export interface Programs {
  readonly kind: 'source' | 'binaries';
  readonly agent: Command;
  readonly hub: Command;
}

export const sourcePrograms: Programs = {
  kind: 'source',
  agent: [process.execPath, join(repositoryRoot, 'agent/main.ts')],
  hub: [process.execPath, join(repositoryRoot, 'hub/main.ts')],
};

const binaryPrograms: Programs = {
  kind: 'binaries',
  agent: [join(repositoryRoot, 'dist/tributary-agent')],
  hub: [join(repositoryRoot, 'dist/tributary-hub')],
};

/** Set by `npm test`, for the test files: the executables in dist/ are up to date. */
export const builtVariable = 'TRIBUTARY_TEST_BUILT';
const isBuilt = process.env[builtVariable] !== undefined;

/**
 * What tests start. In a whole run these are the executables, which are what people get, and start with half of the work that the removal of
 * types and the reading of a thousand modules take; a test file that is run alone starts from source what was just changed.
 */
export const testPrograms: Programs = isBuilt ? binaryPrograms : sourcePrograms;

/** Brings the executables in dist/ up to date; quick when they are. What it has to say goes to standard error. */
export function builtPrograms(): Programs {
  if (isBuilt) return binaryPrograms;
  const build = spawnSync(process.execPath, [join(repositoryRoot, 'packaging/build/package.ts')], { stdio: ['ignore', 2, 2] });
  if (build.status !== 0) throw new Error('the executables could not be built, see above');
  return binaryPrograms;
}
