/**
 * Lines with card numbers come from an agent and by HTTP to a hub whose pipeline redacts them raw; the hub forwards them to another one. No
 * byte that either of them holds tells a number, also when the hub is killed meanwhile; of a type without that pipeline all are there.
 */
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { AgentHost } from '../harness/agent-host.ts';
import { enrolBelow } from '../harness/enrol-below.ts';
import { freePort } from '../harness/free-port.ts';
import { HubHost } from '../harness/hub-host.ts';
import { allBytes } from '../harness/inflated-bytes.ts';
import { at, listAt } from '../harness/json.ts';
import { testPrograms as programs } from '../harness/programs.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const archive = { kind: 'archive', roll_interval: '300ms' };
/** Of the type that is redacted, and of the one that is not. */
const cards = { app: '4111111111111111', open: '5500000000000004' };
const types = ['app', 'open'] as const;
const pipeline = String.raw`steps:
  - redact: { scope: raw, presets: [card] }
  - redact: { scope: raw, patterns: ['(?<=user=)\w+'], action: hash, key: only-a-test }
`;

test('what is redacted raw is nowhere', { timeout: 600_000 }, async () => {
  await using owned = new AsyncDisposableStack();
  const scratch = owned.use(await Scratch.make());
  const pipelines = await scratch.folder('pipelines');
  await writeFile(join(pipelines, 'app.yaml'), pipeline);
  const port = await freePort();
  const push = [{ address: `127.0.0.1:${port}`, plaintext: true, tenant: 'default', type: 'app' }];
  const upper = owned.use(new HubHost({ programs, scratch, name: 'upper', tls: true, config: { outputs: [archive] } }));
  const config = { pipelines_dir: pipelines, outputs: [archive], listeners: { push } };
  const hub = owned.use(new HubHost({ programs, scratch, name: 'lower', config }));
  await Promise.all([upper.start(), hub.start()]);
  await enrolBelow(hub, upper, upper.port, 'upper');
  const upstream = { kind: 'upstream', name: 'upper', hubs: [`wss://127.0.0.1:${upper.port}`] };
  await hub.configure({ ...config, outputs: [archive, upstream] });
  process.kill(hub.program.pid, 'SIGHUP');

  const logs = types.map((type) => ({ kind: 'file', paths: [scratch.file(`${type}.log`)], type }));
  const agent = owned.use(new AgentHost({ programs, scratch, inputs: logs, hubs: () => [hub.url] }));
  const lines = 2000;
  const write = (from: number, count: number): void => {
    for (const type of types) {
      const line = (index: number): string => `${from + index} user=anna4711${type} pays with ${cards[type]}\n`;
      appendFileSync(scratch.file(`${type}.log`), Array.from({ length: count }, (_, index) => line(index)).join(''));
    }
  };
  write(0, lines / 2);
  await agent.start();
  const rowsOf = async (site: HubHost, type: string): Promise<unknown> => {
    const books = listAt(await site.status(), 'books').find((one) => at(one, 'channel') === `default/${type}`);
    return at(books, 'archived');
  };
  await until('some are at the hub', async () => Number(await rowsOf(hub, 'app')) > 0, { everyMs: 50 });
  await hub.program.kill();
  write(lines / 2, lines / 2);
  await hub.start();
  const pushed = await fetch(`http://127.0.0.1:${port}/api/v1/logs`, { method: 'POST', body: `pushed ${cards.app}\n` });
  assert.equal(pushed.status, 200);
  const all = async (): Promise<boolean> => {
    const counts = await Promise.all([rowsOf(hub, 'app'), rowsOf(upper, 'app'), rowsOf(upper, 'open')]);
    return counts[0] === lines + 1 && counts[1] === lines + 1 && counts[2] === lines;
  };
  await until('all are at both', all, {
    deadlineMs: 120_000,
    everyMs: 300,
    detail: () => hub.program.tail() + upper.program.tail(),
  });
  await Promise.all([hub.program.kill(), upper.program.kill()]);

  for (const { dataDir } of [hub, upper]) {
    const bytes = await allBytes(dataDir);
    const filesWith = (text: string): string[] =>
      [...bytes].filter(([, pieces]) => pieces.some((piece) => piece.includes(text))).map(([path]) => path);
    const open = filesWith(cards.open);
    assert.ok(open.some((path) => path.endsWith('.db')) && open.some((path) => path.includes('/open/')), open.join('\n'));
    for (const secret of [cards.app, 'anna4711app']) assert.deepEqual(filesWith(secret), []);
    assert.ok(filesWith(`pays with ${'*'.repeat(16)}`).length > 1);
  }
});
