import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { SingleCluster } from '../cluster/single-cluster.ts';
import { hubOptions } from '../options.ts';
import { pipelineGroup } from '../queue/queue.ts';
import { openSqliteQueue } from '../queue/sqlite/open-sqlite-queue.ts';
import type { SqliteQueue } from '../queue/sqlite/sqlite-queue.ts';
import { eventually } from '../testing/eventually.ts';
import { MemoryMeta, RecordingEvents, RecordingFindings } from '../testing/recording-health.ts';
import { StreamWriter, streamInfo } from '../testing/records.ts';
import { OutputNotes } from './output-notes.ts';
import { Outputs } from './outputs.ts';
import type { OutputOptions } from './registry.ts';

/** Nobody is there: what is for it waits. */
const away = { kind: 'upstream', name: 'centre', hubs: ['ws://127.0.0.1:9'] };

class Site implements AsyncDisposable {
  readonly queue: SqliteQueue;
  readonly cluster: SingleCluster;
  readonly notes: OutputNotes;
  readonly #folder: string;
  #streams = 0;

  private constructor(queue: SqliteQueue, folder: string) {
    const { hubId, partitions } = queue;
    const self = { hubId, host: 'hub', version: '1', startedMs: 1 };
    this.queue = queue;
    this.cluster = new SingleCluster({ self, clock: systemClock, partitions });
    this.notes = new OutputNotes({ queue, cluster: this.cluster, registry: new MemoryMeta() });
    this.#folder = folder;
  }

  static async open(): Promise<Site> {
    const folder = mkdtempSync(join(tmpdir(), 'tb-outputs-'));
    const log = createLogger({ level: 'error', sink: () => undefined });
    return new Site(await openSqliteQueue({ folder, log, limits: { reserveBytes: 65_536 } }), folder);
  }

  start(...outputs: readonly object[]): Promise<Outputs> {
    const { queue, cluster, notes } = this;
    const { siteId, hubId } = queue;
    const logger = createLogger({ level: 'error', sink: () => undefined });
    const told = { findings: new RecordingFindings(), events: new RecordingEvents(), snapshot: async () => ({}) };
    const own = { queue, cluster, siteId, hubId, clock: systemClock, logger, dataDir: this.#folder };
    const parts = { ...own, durability: 'full', crashPoint: undefined } as const;
    return Outputs.start({ ...parts, ...told, notes }, optionsOf(...outputs));
  }

  async write(type: string): Promise<void> {
    this.#streams += 1;
    await new StreamWriter(this.queue, streamInfo(this.#streams, { type })).append(Buffer.from('a line\n'));
  }

  /** Entries that wait for a group, by topic. */
  async waiting(group = 'upstream:centre'): Promise<Record<string, number>> {
    const { groups } = await this.queue.status();
    return Object.fromEntries(groups.filter((one) => one.group === group).map(({ topic, entries }) => [topic, entries]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.queue[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true });
  }
}

function optionsOf(...outputs: readonly object[]): OutputOptions[] {
  return hubOptions.parse({ outputs }).outputs;
}

test('an output that is new begins with what comes from now on, and reads a channel that appears later from its beginning', async () => {
  await using site = await Site.open();
  await site.write('old');
  await using outputs = await site.start({ ...away, from: 'now' });
  await site.write('old');
  await site.write('new');
  await eventually('both are read', async () => Object.keys(await site.waiting()).length === 2);
  assert.deepEqual(await site.waiting(), { 'front/acme/old': 1, 'front/acme/new': 1 });
  assert.equal(await outputs.prepare('acme/old'), false, 'nobody reads what a pipeline would make');
});

test('one that was there before goes on where it was, whatever its `from` says', async () => {
  await using site = await Site.open();
  await (await site.start({ ...away, from: 'now' }))[Symbol.asyncDispose]();
  await site.write('meanwhile');
  await using outputs = await site.start({ ...away, from: 'now' });
  assert.deepEqual(await site.waiting(), { 'front/acme/meanwhile': 1 });
  assert.deepEqual(outputs.groups, ['upstream:centre']);
});

test('only what changed is started again, and what cannot be as it says leaves its predecessor', async () => {
  await using site = await Site.open();
  await using outputs = await site.start({ kind: 'archive' }, away);
  const before = outputs.archive;
  assert.deepEqual(await outputs.change(optionsOf({ kind: 'archive' }, { ...away, types: ['web'] })), {
    added: [],
    removed: [],
    changed: ['centre'],
  });
  assert.equal(outputs.archive, before, 'the archive is the same');
  await assert.rejects(outputs.change(optionsOf({ kind: 'archive', folder: '/no/such/folder' }, away)), { code: 'OUTPUT' });
  assert.equal(outputs.archive?.store.place, before?.store.place);
  assert.deepEqual(await outputs.change(optionsOf(away)), { added: [], removed: ['archive'], changed: ['centre'] });
});

test('what comes after an output that was forgotten is back is kept for its pipeline, which has not looked yet', async () => {
  await using site = await Site.open();
  const { queue, notes } = site;
  await using outputs = await site.start({ kind: 'archive' });
  await site.write('app');
  await queue.ensureGroup({ topic: 'front/acme/app', group: pipelineGroup, policy: { kind: 'blocking' }, from: 'beginning' });
  await outputs.prepare('acme/app');
  await outputs.change([]);
  const [removed] = await notes.removed(outputs.groups);
  assert.ok(removed !== undefined);
  await notes.forget(removed, (channel) => outputs.readsBack(channel));
  await site.write('app');
  await queue.trim();
  assert.deepEqual(await site.waiting(pipelineGroup), { 'front/acme/app': 0 }, 'nobody wants it');

  await outputs.change(optionsOf({ kind: 'archive' }));
  await site.write('app');
  await queue.trim();
  assert.deepEqual(await site.waiting(pipelineGroup), { 'front/acme/app': 1 });
});

test('an output that is replaced is configured all the time', async () => {
  await using site = await Site.open();
  await site.write('app');
  await using outputs = await site.start(away);
  const told: (readonly string[])[] = [];
  // Asked for by the new one, after the old one was stopped.
  const ensureGroup = site.queue.ensureGroup.bind(site.queue);
  site.queue.ensureGroup = async (request) => {
    told.push(outputs.groups);
    await ensureGroup(request);
  };
  await outputs.change(optionsOf({ ...away, types: ['app'] }));
  assert.deepEqual(told[0], ['upstream:centre']);
});
