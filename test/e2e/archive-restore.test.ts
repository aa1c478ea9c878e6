/** Lines that were archived raw go through a pipeline again: into a file, and into another log type, each once whatever is killed. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { freePort } from '../harness/free-port.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at, numberAt, parseJson, textAt } from '../harness/json.ts';
import { testPrograms as programs } from '../harness/programs.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const good = Array.from({ length: 294 }, (_, index) => JSON.stringify({ n: index }));
const bad = Array.from({ length: 6 }, (_, index) => `no json ${index}`);
const deadline = { deadlineMs: 120_000, everyMs: 100 };

test('what was archived raw is restored by a pipeline, once, whatever is killed', { timeout: 600_000 }, async () => {
  await using scratch = await Scratch.make();
  const folder = await scratch.folder('pipelines');
  await writeFile(join(folder, 'parsed.yaml'), 'steps: [json: {}]\n');
  const port = await freePort();
  const push = [{ address: `127.0.0.1:${port}`, plaintext: true, tenant: 'shop', type: 'app' }];
  const outputs = [{ kind: 'archive', roll_interval: '100ms' }];
  await using hub = new HubHost({ programs, scratch, config: { pipelines_dir: folder, outputs, listeners: { push } } });
  const archived = (...texts: readonly string[]): Promise<unknown> => {
    const bytes = texts.reduce((sum, text) => sum + text.length + 1, 0);
    const isThere = async (): Promise<boolean> => (await archivedRawBytes(hub.archive, 'shop')) === bytes;
    return until(`${bytes} bytes are archived`, isThere, { ...deadline, detail: () => hub.program.tail() });
  };
  const restore = (...args: readonly string[]): ReturnType<HubHost['run']> =>
    hub.run('archive', 'restore', 'shop/app', '--pipeline', 'parsed', '--config', hub.configPath, '--json', ...args);

  // Between the documents of an object and the note that they are there.
  await hub.start({ crashPoint: 'hub.restore.after-publish' });
  const body = `${[...good, ...bad].join('\n')}\n`;
  const headers = { 'content-type': 'text/plain' };
  const pushed = await fetch(`http://127.0.0.1:${port}/api/v1/logs`, { method: 'POST', headers, body });
  assert.equal(pushed.status, 200, await pushed.text());
  await archived(...good, ...bad);
  const killed = restore('--into', 'parsed');
  await until('the hub is killed', () => !hub.running, deadline);
  await hub.start();
  assert.equal((await killed).code, 1, 'the hub that came back knows nothing of this one');

  const output = scratch.file('documents.ndjson');
  const [again, written] = await Promise.all([restore('--into', 'parsed'), restore('--output', output)]);
  assert.deepEqual([again.code, written.code], [0, 0], again.stderr + written.stderr);
  assert.deepEqual(at(parseJson(again.stdout), 'documents'), { parsed: 294, errors: 6 });
  assert.deepEqual(at(parseJson(written.stdout), 'documents'), { app: 294, errors: 6 });
  await archived(...good, ...bad, ...good, ...bad);

  const { stdout } = await hub.search('--tenant', 'shop', '--json', '--no-summary');
  const rows = Map.groupBy(stdout.trimEnd().split('\n').map(parseJson), (row) => textAt(row, 'type'));
  const [app = [], parsed = [], errors = []] = ['app', 'parsed', 'errors'].map((type) => rows.get(type));
  assert.deepEqual([app.length, parsed.length, errors.length], [300, 294, 6]);
  const place = (row: unknown): string => `${textAt(row, 'stream')} ${numberAt(row, 'position')}`;
  const rawByPlace = new Map(app.map((row) => [place(row), textAt(row, 'raw')]));
  for (const row of [...parsed, ...errors]) assert.equal(textAt(row, 'raw'), rawByPlace.get(place(row)));
  assert.equal(new Set(parsed.map(place)).size, 294, 'each is there once');
  for (const row of parsed) assert.deepEqual(at(row, 'fields'), parseJson(textAt(row, 'raw')));
  assert.equal(at(errors[0], 'fields', 'error', 'type'), 'json');
  const documents = readFileSync(output, 'utf8').trimEnd().split('\n').map(parseJson);
  assert.deepEqual(new Set(documents.map((one) => place(at(one, 'tributary')))), new Set(rawByPlace.keys()));
  assert.equal(new Set(documents.map((one) => textAt(one, '_id'))).size, 300);
});
