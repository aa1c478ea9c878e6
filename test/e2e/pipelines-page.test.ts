/** What docs/operating/pipelines.md says is typed, run as it stands there, with what it says comes out. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { docsSnippet } from '../harness/docs-snippet.ts';
import { runProgram } from '../harness/program.ts';
import { repositoryRoot, testPrograms as programs } from '../harness/programs.ts';
import { Scratch } from '../harness/scratch.ts';

const page = 'docs/operating/pipelines.md';

test('the pipeline of the page is tried and tested as it says', async () => {
  await using scratch = await Scratch.make();
  const folder = join(scratch.path, 'pipelines');
  mkdirSync(folder);
  writeFileSync(join(scratch.path, 'app.log'), docsSnippet(page, 'pipeline-lines', {}));
  writeFileSync(`${folder}/app.yaml`, docsSnippet(page, 'pipeline-file', {}));
  writeFileSync(`${folder}/app.test.yaml`, docsSnippet(page, 'pipeline-cases', {}));
  const run = async (name: string): Promise<{ readonly code: number | null; readonly stdout: string }> => {
    const [, ...args] = docsSnippet(page, name, { '/etc/tributary/pipelines': folder }).trim().split(' ');
    return await runProgram({ name: 'hub', command: programs.hub, args, cwd: scratch.path });
  };
  const [tried, tested] = await Promise.all([run('pipeline-try'), run('pipeline-test')]);
  assert.equal(tried.stdout.trimEnd(), docsSnippet(page, 'pipeline-tried', {}).trimEnd());
  assert.deepEqual([tested.code, tested.stdout], [0, docsSnippet(page, 'pipeline-test-output', {})]);
});

test('its script has the types that are written beside it', async () => {
  await using scratch = await Scratch.make();
  const { stdout } = await runProgram({ name: 'hub', command: programs.hub, args: ['try', '--types'] });
  writeFileSync(join(scratch.path, 'tributary.d.ts'), stdout);
  writeFileSync(join(scratch.path, 'money.ts'), docsSnippet(page, 'script-file', {}));
  writeFileSync(join(scratch.path, 'pipeline.yaml'), 'steps:\n  - json: {}\n  - script: { file: money.ts }\n');
  writeFileSync(join(scratch.path, 'lines'), '{"currency":"USD","amount":10}\n{"currency":"GBP","amount":1}\n');
  const flags = ['--noEmit', '--strict', '--module', 'esnext', '--moduleResolution', 'bundler', '--allowImportingTsExtensions'];
  const tsc = join(repositoryRoot, 'node_modules/.bin/tsc');
  const [tried] = await Promise.all([
    runProgram({
      name: 'hub',
      command: programs.hub,
      args: ['try', 'pipeline.yaml', 'lines', '--json', '--last'],
      cwd: scratch.path,
    }),
    promisify(execFile)(tsc, [...flags, 'money.ts'], { cwd: scratch.path }),
  ]);
  const documents = tried.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).documents[0].fields);
  assert.deepEqual(documents[0], { currency: 'USD', amount: 10, order: { eur: 9.2 } });
  assert.equal(documents[1].error.message, 'money.ts:8:35: no rate for GBP');
});
