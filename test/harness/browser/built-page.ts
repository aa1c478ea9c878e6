import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from '../programs.ts';

/** Brings the page that a hub run from the repository serves up to date: at once when it is. */
export function buildPage(): void {
  const build = spawnSync(process.execPath, [join(repositoryRoot, 'packaging/build/page.ts')], { stdio: ['ignore', 2, 2] });
  if (build.status !== 0) throw new Error('the page could not be built, see above');
}
