// `npm test`: types, lint, format, generated docs, then every test. `npm test -- PATTERN…` runs only the tests whose path contains a
// pattern (or fits it, when it is a glob), without the checks before.

import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { matchesGlob } from 'node:path';
import { run } from 'node:test';
import { inRepository, repositoryRoot } from './repository.ts';
import { type Check, listChecks, runChecks } from './checks.ts';
import { listenForInterrupt } from './interrupt.ts';
import { TestReport, type TestRunSummary } from './test-report.ts';
import { builtPrograms, builtVariable } from '../test/harness/programs.ts';
import { deskVariable, ElasticsearchDesk } from '../test/harness/elasticsearch/elasticsearch-desk.ts';

/** A file that takes longer than this is stuck; the whole run has 25 minutes. */
const fileTimeoutMs = 15 * 60_000;
/** What Node makes of our source is kept here, for the test processes and for the products that they start (`test/harness/program.ts`). */
const compileCache = '.tools/compile-cache';
const folders = ['agent', 'hub', 'packaging', 'protocol', 'scripts', 'shared', 'test'];
const realProcesses = /^test\/(conformance|e2e|inputs)\//;
/** Longer rounds of something that a command of its own runs: `npm run ledger`, `npm run bench`. */
const longTest = /\.long\.test\.ts$/;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const nameFilters = args.filter((arg) => arg.startsWith('--test-name-pattern=')).map((arg) => arg.slice(arg.indexOf('=') + 1));
  const patterns = args.filter((arg) => !arg.startsWith('-'));
  const unknown = args.filter((arg) => arg.startsWith('-') && !arg.startsWith('--test-name-pattern='));
  if (unknown.length > 0) {
    process.stderr.write(`${unknown.join(' ')}: not known. npm test [-- PATH-PATTERN… --test-name-pattern=REGEXP]\n`);
    return 2;
  }
  const files = findTests(patterns);
  if (files.length === 0) {
    process.stderr.write(`No test file fits ${patterns.join(' ')}. A pattern is a part of a path, such as agent/buffer.\n`);
    return 2;
  }
  const abort = new AbortController();
  using _ = listenForInterrupt({ onFirst: () => abort.abort(), onAgain: () => abort.abort() });
  const failedChecks = patterns.length === 0 ? await runChecks(listChecks(), abort.signal) : [];
  if (abort.signal.aborted) return 130;
  const summary = await runTests({ files, nameFilters, failedChecks, signal: abort.signal });
  if (abort.signal.aborted || summary.interrupted) return 130;
  return failedChecks.length === 0 && summary.failed === 0 && forbiddenSkips(summary).length === 0 ? 0 : 1;
}

function findTests(patterns: readonly string[]): string[] {
  const found = folders.flatMap((folder) =>
    globSync(`${folder}/**/*.test.ts`, { cwd: repositoryRoot, exclude: isForeignFolder }),
  );
  const wanted = found.filter((file) => patterns.length === 0 || patterns.some((pattern) => fits(file, pattern)));
  return interleave(wanted.filter((file) => !longTest.test(file)).toSorted((a, b) => a.localeCompare(b)));
}

/** Spreads the tests of real processes, which mostly wait, evenly among the others, which mostly compute: all cores are busy, and none for three. */
function interleave(files: readonly string[]): string[] {
  const groups = Object.values(Object.groupBy(files, (file) => (realProcesses.test(file) ? 'waits' : 'computes')));
  const placed = groups.flatMap((group) => group.map((file, index) => ({ file, place: (index + 0.5) / group.length })));
  return placed.toSorted((a, b) => a.place - b.place).map(({ file }) => file);
}

function isForeignFolder(path: string): boolean {
  return path.endsWith('node_modules') || path.endsWith('dist');
}

function fits(file: string, pattern: string): boolean {
  return file.includes(pattern.replace(/^\.\//, '')) || matchesGlob(file, pattern);
}

interface TestRun {
  readonly files: readonly string[];
  readonly nameFilters: readonly string[];
  readonly failedChecks: readonly Check[];
  readonly signal: AbortSignal;
}

async function runTests({ files, nameFilters, failedChecks, signal }: TestRun): Promise<TestRunSummary> {
  process.env['NODE_COMPILE_CACHE'] = inRepository(compileCache);
  if (files.some((file) => file.startsWith('test/'))) {
    builtPrograms();
    process.env[builtVariable] = '1';
  }
  await using desk = await ElasticsearchDesk.open();
  process.env[deskVariable] = desk.url;
  const events = run({
    files: files.map((file) => inRepository(file)),
    cwd: repositoryRoot,
    // Files with real processes wait for half of their time, so there are two more of them than there are cores.
    concurrency: availableParallelism() + 2,
    timeout: fileTimeoutMs,
    signal,
    ...(nameFilters.length > 0 ? { testNamePatterns: nameFilters.map((filter) => new RegExp(filter)) } : {}),
  });
  const report = new TestReport(process.stdout, repositoryRoot);
  for await (const event of events) report.write(event);
  return await report.end((summary) => [
    ...failedChecks.map((check) => `✖ ${check.name} failed, see above: ${check.remedy}`),
    ...forbiddenSkips(summary).map(
      ({ name, file, reason }) => `✖ skipped although TRIBUTARY_REQUIRE=all: ${name} (${file}): ${reason}`,
    ),
  ]);
}

/** In CI a skipped test is a failed one: what it needs can be had there. */
function forbiddenSkips(summary: TestRunSummary): TestRunSummary['skipped'] {
  return process.env['TRIBUTARY_REQUIRE'] === 'all' ? summary.skipped : [];
}
