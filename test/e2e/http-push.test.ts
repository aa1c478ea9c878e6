import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { docsSnippet } from '../harness/docs-snippet.ts';
import { freePort } from '../harness/free-port.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at, listAt, parseJson } from '../harness/json.ts';
import { testPrograms } from '../harness/programs.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const run = promisify(execFile);
const page = 'docs/operating/http.md';
const apiPage = 'docs/operating/api.md';
const programs = testPrograms;

/** `tributary-hub` as a person has it: on the path, with its configuration where it looks for it. */
async function commandFolder(scratch: Scratch, hub: HubHost): Promise<string> {
  const folder = scratch.file('bin');
  await mkdir(folder);
  const command = join(folder, 'tributary-hub');
  await writeFile(command, `#!/bin/sh\nexec ${programs.hub.join(' ')} "$@" --config ${hub.configPath}\n`);
  await chmod(command, 0o755);
  return folder;
}

test(
  'the commands of the page push over TLS with a token, and without either',
  { skip: await requireTool('curl'), timeout: 600_000 },
  async () => {
    await using scratch = await Scratch.make();
    const push = { address: '127.0.0.1:0', plaintext: true, tenant: 'devices', type: 'printer', allow_cidr: ['127.0.0.0/8'] };
    const listeners = { http: { address: '127.0.0.1:0' }, push: [push] };
    await using hub = new HubHost({ programs, scratch, tls: true, config: { listeners } });
    await hub.start();
    const written = scratch.file('page.yaml');
    await writeFile(
      written,
      `data_dir: ${hub.dataDir}\nrun_dir: ${hub.runDir}\ntls: {}\n${docsSnippet(page, 'http-config', {})}`,
    );
    const checked = await hub.run('check', '--config', written);
    assert.equal(checked.code, 0, checked.stderr);
    const path = `${await commandFolder(scratch, hub)}${delimiter}${process.env['PATH'] ?? ''}`;
    const shell = async (name: string, replacements: Readonly<Record<string, string>> = {}): Promise<string> => {
      const script = docsSnippet(name.startsWith('api-') ? apiPage : page, name, replacements);
      const { stdout } = await run('sh', ['-ec', script], {
        cwd: scratch.path,
        env: { ...process.env, PATH: path },
        timeout: 120_000,
      });
      return stdout;
    };
    const api = { 'hub.example.com:7700': `127.0.0.1:${await hub.portOf('http')}`, '/var/lib/tributary/hub': hub.dataDir };
    await shell('http-token');
    assert.equal(await shell('http-lines', api), '{"accepted":2}');
    assert.equal(await shell('http-json', api), '{"accepted":2}');
    assert.equal(await shell('http-json', api), '{"accepted":0,"duplicate":true}');
    assert.equal(
      await shell('http-plain', { 'hub.example.com:7702': `127.0.0.1:${await hub.portOf('push')}` }),
      '{"accepted":1}\n',
    );
    const found = await until('all of it is in the archive', async () => {
      const text = await shell('http-search');
      return text.includes('order 4') && text;
    });
    assert.equal(found, '{"order":1}\n{"order":2}\n{"order":3}\norder 4 was a line of text\n');
    const detailed = await hub.search('order', '--tenant', 'shop', '--json');
    const records = detailed.stdout.trimEnd().split('\n').map(parseJson);
    assert.deepEqual(
      records.map((record) => [at(record, 'type'), at(record, 'host'), at(record, 'raw')]),
      [
        ['orders', '127.0.0.1', '{"order":1}\n'],
        ['orders', '127.0.0.1', '{"order":2}\n'],
        ['orders', 'shop1.example.com', '{"order":3}\n'],
        ['orders', 'shop1.example.com', 'order 4 was a line of text\n'],
      ],
    );
    assert.match(String(at(records[0], 'source')), /^http token:[a-z0-9]+$/);
    await shell('api-token');
    assert.match(await shell('api-health', api), /^"state":"(?:green|yellow)"\n$/);
    assert.deepEqual(listAt(parseJson(await shell('api-list', api)), 'agents'), []);
    const status = await hub.status();
    assert.partialDeepStrictEqual(at(status, 'listeners', 'http'), { requests: 3, records: 4, duplicates: 2, refused: 0 });
    const books = listAt(status, 'books').find((one) => at(one, 'channel') === 'shop/orders');
    assert.partialDeepStrictEqual(books, { received: 4, archived: 4, missing: 0 });
  },
);

/** What was answered is on disk, what was not is sent again under its key: each record once, whenever the hub dies. */
test('pushes with keys arrive once although the hub is killed', { timeout: 600_000 }, async () => {
  await using scratch = await Scratch.make();
  const port = await freePort();
  const push = { address: `127.0.0.1:${port}`, tenant: 'acme', type: 'orders' };
  await using hub = new HubHost({ programs, scratch, config: { listeners: { push: [push] } } });
  await hub.start();
  const waiting = new Set(Array.from({ length: 300 }, (_, index) => index));
  const answers = { accepted: 0, duplicate: 0 };
  const sendAll = async (): Promise<void> => {
    const left = [...waiting];
    const send = async (): Promise<void> => {
      for (let index = left.shift(); index !== undefined; index = left.shift()) {
        const headers = { 'idempotency-key': `order-${index}`, 'content-type': 'text/plain' };
        const response = await fetch(`http://127.0.0.1:${port}/api/v1/logs`, {
          method: 'POST',
          headers,
          body: `order ${index}\n`,
        });
        if (response.status !== 200) throw new Error(await response.text());
        waiting.delete(index);
        answers[at(parseJson(await response.text()), 'duplicate') === true ? 'duplicate' : 'accepted'] += 1;
      }
    };
    await Promise.all(Array.from({ length: 8 }, send));
  };
  const cutOff = assert.rejects(sendAll());
  await until('some are answered', async () => answers.accepted >= 60, { everyMs: 1 });
  await hub.program.kill();
  await cutOff;
  assert.ok(waiting.size > 0, 'it was killed in between');
  await hub.start();
  await sendAll();
  assert.equal(answers.accepted + answers.duplicate, 300);
  const found = await until('all is archived', async () => {
    const { stdout } = await hub.search('--type', 'orders', '--no-summary');
    return stdout.split('\n').length > 300 && stdout;
  });
  assert.deepEqual(
    found.trimEnd().split('\n').toSorted(),
    Array.from({ length: 300 }, (_, index) => `order ${index}`).toSorted(),
  );
});
