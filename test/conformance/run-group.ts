/** Runs the cases of a group side by side on one hub and one agent, and judges each by what the archive holds in the end. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { requireTool } from '../harness/require.ts';
import { until } from '../harness/until.ts';
import { CaseRun } from './case-run.ts';
import { arrivedRecords } from './expectation.ts';
import type { CaseGroup, FileCase } from './file-case.ts';
import { Pair } from './pair.ts';
import { Rendezvous } from './rendezvous.ts';

/** Of every input, unless its case says otherwise. */
const usualOptions = { kind: 'file', scan_interval: '200ms', rotated_wait: '500ms', idle_flush: '1h' };
const lastLook = 'last_look';

interface Outcome {
  readonly skip: string | undefined;
  readonly problems: readonly string[];
}

type Outcomes = ReadonlyMap<string, Outcome>;

/** Registers a suite with a test for each case; `CASE=name` runs that one alone. */
export function runGroup(whole: CaseGroup): void {
  const only = process.env['CASE'];
  const group = only === undefined ? whole : { ...whole, cases: whole.cases.filter(({ name }) => name === only) };
  let run: Promise<Outcomes> | undefined;
  suite(group.title, { timeout: 600_000 }, () => {
    for (const { name, title } of group.cases) {
      test(`${name}: ${title}`, async (context) => {
        run ??= outcomesOf(group);
        const outcome = (await run).get(name);
        assert.ok(outcome !== undefined, 'the case was run or has a reason why not');
        if (outcome.skip !== undefined) return context.skip(outcome.skip);
        assert.deepEqual(outcome.problems, []);
        return undefined;
      });
    }
  });
}

async function outcomesOf(group: CaseGroup): Promise<Outcomes> {
  const outcomes = new Map<string, Outcome>();
  const common = (await requireTool('zstd')) ?? (await requireTool('python3'));
  for (const { name, needs } of group.cases) {
    const skip = common ?? (needs === undefined ? undefined : await requireTool(needs));
    if (skip !== undefined) outcomes.set(name, { skip, problems: [] });
  }
  const cases = group.cases.filter(({ name }) => !outcomes.has(name));
  if (cases.length === 0) return outcomes;
  for (const [name, problems] of await runCases(group, cases)) outcomes.set(name, { skip: undefined, problems });
  return outcomes;
}

async function runCases(group: CaseGroup, cases: readonly FileCase[]): Promise<ReadonlyMap<string, readonly string[]>> {
  await using pair = await Pair.start(group, (scratch) => [
    ...cases.flatMap((fileCase) => inputsOf(fileCase, folderOf(scratch.path, fileCase.name))),
    ...inputsOf({ name: lastLook }, folderOf(scratch.path, lastLook)),
  ]);
  const rendezvous = new Rendezvous(cases.length, (actions) => pair.interrupt(actions));
  const runs = cases.map((fileCase) => {
    const folder = folderOf(pair.scratch.path, fileCase.name);
    return { fileCase, it: new CaseRun({ fileCase, folder, pair, rendezvous }) };
  });
  for (const { it } of runs) mkdirSync(it.folder, { recursive: true });
  const failures = new Map<string, string>();
  const done = runs.map(({ fileCase, it }) => runCase(fileCase, it, failures).finally(() => rendezvous.leave()));
  await pair.startAgent();
  await Promise.all(done);
  for (const { it } of runs) it.closeAll();
  await lookAgain(pair);
  const streams = await pair.finish();
  return new Map(
    runs.map(({ it }) => {
      const failure = failures.get(it.name);
      const problems = failure === undefined ? judge(it, arrivedRecords(streams, it.channels)) : [failure];
      return [it.name, problems];
    }),
  );
}

async function runCase(fileCase: FileCase, it: CaseRun, failures: Map<string, string>): Promise<void> {
  try {
    await fileCase.run(it);
    await it.arrived();
  } catch (error) {
    failures.set(fileCase.name, error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

function judge(it: CaseRun, arrived: Parameters<CaseRun['runChecks']>[0]): readonly string[] {
  const problems = [...it.expectation.problems(arrived), ...it.falseAlarms()];
  try {
    it.runChecks(arrived);
    return problems;
  } catch (error) {
    return [...problems, String(error)];
  }
}

/** A new agent looks at all files once more: whatever it would take for new comes now. */
async function lookAgain(pair: Pair): Promise<void> {
  await pair.agent.program.stop();
  const folder = folderOf(pair.scratch.path, lastLook);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'last.log'), 'the last look\n');
  await pair.startAgent();
  await until('the last look is done', async () => (await pair.received([`default/${lastLook}`])) === 1, {
    detail: () => pair.tail(),
  });
}

function folderOf(scratch: string, name: string): string {
  return join(scratch, 'files', name);
}

function inputsOf(fileCase: Pick<FileCase, 'name' | 'inputs'>, folder: string): readonly Readonly<Record<string, unknown>>[] {
  const inputs = fileCase.inputs?.(folder, fileCase.name) ?? [{}];
  return inputs.map((input) => ({ ...usualOptions, paths: [`${folder}/*.log*`], type: fileCase.name, ...input }));
}
