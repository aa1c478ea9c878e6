import { spawn } from 'node:child_process';
import { existsInRepository, inRepository, repositoryRoot } from './repository.ts';

/** One check of the whole repository that is not a test. */
export interface Check {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** What to type when it fails. */
  readonly remedy: string;
}

const pageBuilder = 'packaging/build/page.ts';
const docsGenerator = 'packaging/generate-docs.ts';

export function listChecks(): Check[] {
  const checks: Check[] = [
    { name: 'types', program: 'tsc', args: ['-p', '.'], remedy: 'mend what tsc names' },
    { name: 'types of the scripts', program: 'tsc', args: ['-p', 'scripts'], remedy: 'mend what tsc names' },
    { name: 'types of the page', program: 'tsc', args: ['-p', 'hub/dashboard/web'], remedy: 'mend what tsc names' },
    { name: 'lint', program: 'oxlint', args: ['--type-aware', '--deny-warnings', '.'], remedy: 'mend what oxlint names' },
    { name: 'page', program: process.execPath, args: [inRepository(pageBuilder)], remedy: 'mend what Vite names' },
    { name: 'format', program: 'oxfmt', args: ['--check', '.'], remedy: 'npm run format' },
  ];
  if (existsInRepository(docsGenerator)) {
    const args = [inRepository(docsGenerator), '--check'];
    checks.push({ name: 'generated docs', program: process.execPath, args, remedy: 'npm run docs' });
  }
  return checks;
}

/** Runs the checks one after the other, all of them, and gives back those that failed. Stops early only when asked to. */
export async function runChecks(checks: readonly Check[], signal: AbortSignal): Promise<Check[]> {
  const failed: Check[] = [];
  for (const check of checks) {
    if (signal.aborted) break;
    const startedMs = performance.now();
    const passed = await runCheck(check, signal);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    process.stdout.write(passed ? `✔ ${check.name} (${seconds} s)\n` : `✖ ${check.name} (${seconds} s): ${check.remedy}\n`);
    if (!passed) failed.push(check);
  }
  return failed;
}

/** What a check that passes has to say is of no interest; a failed one's output is shown whole. */
async function runCheck(check: Check, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const output: Buffer[] = [];
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  const child = spawn(check.program, check.args, { cwd: repositoryRoot, stdio: [...stdio], signal });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  child.once('error', (error) => {
    output.push(Buffer.from(`${check.program}: ${error.message}\n`));
    resolve(false);
  });
  child.once('close', (code) => resolve(code === 0));
  const passed = await promise;
  if (!passed) process.stdout.write(Buffer.concat(output));
  return passed;
}
