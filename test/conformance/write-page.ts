/** Writes docs/FILE-CASES.md anew: `node test/conformance/write-page.ts`. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../harness/programs.ts';
import { fileCasesPage, pagePath } from './page.ts';

const path = join(repositoryRoot, pagePath);
writeFileSync(path, fileCasesPage());
const { status } = spawnSync(join(repositoryRoot, 'node_modules/.bin/oxfmt'), [path], { stdio: 'inherit' });
process.exitCode = status ?? 1;
