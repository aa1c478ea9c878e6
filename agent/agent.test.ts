/** The wired agent, in this process, before a site of the test's own. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { Agent, type AgentOptions } from './agent.ts';
import { agentOptions } from './options.ts';
import { TestSite } from '@tributary/protocol/uplink/testing/test-site.ts';
import { eventually } from './uplink/testing/uplink-under-test.ts';

class Unit implements AsyncDisposable {
  readonly agent: Agent;
  readonly #folder: string;

  private constructor(agent: Agent, folder: string) {
    this.agent = agent;
    this.#folder = folder;
  }

  static async start(hub: string, own: Partial<AgentOptions> = {}): Promise<Unit> {
    const folder = mkdtempSync(join(tmpdir(), 'tributary-agent-'));
    mkdirSync(join(folder, 'logs'));
    const agent = await Agent.start({
      folder: join(folder, 'data'),
      uplink: { hubs: [hub] },
      buffer: { maxBytes: 64 * 1024 * 1024, replayWindowMs: 0, replayMaxBytes: 0, reserveBytes: 2 * 1024 * 1024 },
      batch: { maxBytes: 1024 * 1024, maxRecords: 65_536, flushIntervalMs: 10 },
      facts: { host: 'here' },
      clock: systemClock,
      logger: createLogger({ level: 'error', sink: () => undefined }),
      ...own,
    });
    return new Unit(agent, folder);
  }

  get log(): string {
    return join(this.#folder, 'logs/a.log');
  }

  /** Reads the log, with these options of its input. */
  async read(options: object = {}): Promise<void> {
    const input = { kind: 'file', type: 'app', paths: [this.log], ...options };
    const { inputs } = agentOptions.parse({ hubs: ['ws://127.0.0.1:1'], inputs: [input] });
    await this.agent.readable(AbortSignal.timeout(120_000));
    await this.agent.inputs.change({ inputs, defaults: { tenant: 'default', labels: {}, host: 'here' } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

test('a batch goes out after the flush interval, or what its hub has for one, and when it is full sooner', async () => {
  await using owned = new AsyncDisposableStack();
  const site = owned.use(await TestSite.start());
  const patient = owned.use(await TestSite.start({ flushIntervalMsMin: 1500 }));
  const veryPatient = owned.use(await TestSite.start({ flushIntervalMsMin: 3_600_000 }));
  const [soon, later, last] = [
    owned.use(await Unit.start(site.url)),
    owned.use(await Unit.start(patient.url)),
    owned.use(await Unit.start(veryPatient.url)),
  ];
  for (const [unit, hub, leastMs] of [
    [soon, site, 0],
    [later, patient, 1400],
  ] as const) {
    await unit.read();
    const startedMs = performance.now();
    appendFileSync(unit.log, 'one\n');
    await eventually('it arrived', () => hub.text(unit.log) === 'one\n');
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs >= leastMs, `${tookMs} ms`);
  }
  const large = `${randomBytes(900_000).toString('hex')}\n`.replaceAll(/.{1000}/g, '$&\n');
  await last.read();
  await eventually('it was told how long to wait', () => veryPatient.hellos.length === 1);
  appendFileSync(last.log, large);
  await eventually('what is full did not wait', () => veryPatient.text(last.log).length > 1_000_000);
});

test('a full buffer is told at once, however short it is full, and what it drops is counted', async () => {
  await using owned = new AsyncDisposableStack();
  const site = owned.use(await TestSite.start());
  const limits = { maxBytes: 200_000, replayWindowMs: 0, replayMaxBytes: 0, reserveBytes: 2 * 1024 * 1024 };
  const unit = owned.use(
    await Unit.start(site.url, { buffer: limits, batch: { maxBytes: 65_536, maxRecords: 65_536, flushIntervalMs: 10 } }),
  );
  await unit.read({ overflow: 'drop_newest' });
  await eventually('it is connected', () => site.hellos.length === 1);
  site.pause();
  const line = (): string => `${randomBytes(500).toString('base64')}\n`;
  appendFileSync(unit.log, Array.from({ length: 1000 }, line).join(''));
  await eventually('it was full', () => unit.agent.counters.events['buffer-full'] === 1);
  site.resume();
  await eventually('the site knows of all', () => {
    const [stream] = site.streams.values();
    return stream?.held === 1000 * line().length;
  });
  assert.equal(unit.agent.counters.events['buffer-full'], 1);
  const arrived = site.text(unit.log).length;
  const lost = unit.agent.buffer.losses().dropped?.positions ?? 0;
  assert.equal(arrived + lost, 1000 * line().length);
  await eventually('and it is told', () => unit.agent.counters.lost['buffer-full'].bytes === lost);
});

test('an agent that stops does not wait for room that nobody makes, and counts what it lost', async () => {
  await using owned = new AsyncDisposableStack();
  const site = await TestSite.start();
  const limits = { maxBytes: 100_000, replayWindowMs: 0, replayMaxBytes: 0, reserveBytes: 2 * 1024 * 1024 };
  const unit = owned.use(
    await Unit.start(site.url, { buffer: limits, batch: { maxBytes: 65_536, maxRecords: 65_536, flushIntervalMs: 10 } }),
  );
  await unit.read();
  await site[Symbol.asyncDispose]();
  appendFileSync(unit.log, Array.from({ length: 1000 }, () => `${randomBytes(500).toString('base64')}\n`).join(''));
  await eventually('it is full', () => unit.agent.buffer.status().state === 'full');
  const { buffer, batcher } = unit.agent;
  const identity = { path: 'socket', device: '', inode: '', fingerprint: '', fingerprintLength: 0, token: '', base: 0 };
  const attributes = { tenant: 'default', type: 'app', host: 'here', encoding: 'utf-8', counted: true, labels: {} };
  const { streamId } = await buffer.openStream({ identity, attributes, start: 0 });
  const run = { streamId, from: 0, to: 1, bytes: Buffer.from('one\n'), records: 1, lengths: [4], cuts: [], drops: [] };
  batcher.push({ ...run, fromMark: '', toMark: 'm', overflow: 'block' });
  await unit.agent.stop();
  await eventually('what waited, and cannot be read again, is counted', () => buffer.losses().dropped?.positions === 1);
  assert.equal(unit.agent.counters.lost['buffer-full'].records, 1);
});
