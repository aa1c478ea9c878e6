import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { canaryOptions } from '../config/canary-options.ts';
import type { FoundRecord } from '../dashboard/api/search-shapes.ts';
import { backTopic } from '../queue/queue.ts';
import type { Page, SearchEnd, SearchStep } from '../search/search-store.ts';
import type { Wanted } from '../search/wanted.ts';
import { RecordingFindings } from '../testing/recording-health.ts';
import { Canaries, type CanaryStore } from './canaries.ts';

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 10, 22);
const agents = 40;
const never = new AbortController().signal;

/** A store that has a canary of each agent for each minute, and counts what it was asked for. */
class CountingStore implements CanaryStore {
  readonly name = 'archive';
  readonly held: FoundRecord[] = [];
  problem: string | undefined;
  given = 0;

  add(minute: number, isThere: (agent: number) => boolean): void {
    const receivedMs = startMs + minute * minuteMs;
    for (let agent = 0; agent < agents; agent += 1) {
      if (!isThere(agent)) continue;
      const canary = { run: 'one', sequence: minute, interval_ms: minuteMs, last: false };
      const line = JSON.stringify({ '@timestamp': new Date(receivedMs).toISOString(), canary });
      const at = { agent: `a${agent}`, stream: 's', position: minute, ordinal: 0 };
      const about = { tenant: 'shop', type: 'canary', host: `web${agent}`, source: '', labels: {}, cut: false };
      this.held.push({ ...about, line, at, receivedMs });
    }
  }

  async *records({ sinceMs = 0, untilMs = Infinity }: Wanted, { limit }: Page): AsyncGenerator<SearchStep, SearchEnd> {
    const all = this.held
      .filter(({ receivedMs }) => receivedMs >= sinceMs && receivedMs < untilMs)
      .toSorted((one, other) => one.receivedMs - other.receivedMs);
    const given = all.slice(0, limit);
    for (let from = 0; from < given.length; from += 100) {
      this.given += given.slice(from, from + 100).length;
      yield { records: given.slice(from, from + 100) };
    }
    const problems = this.problem === undefined ? [] : [this.problem];
    const summary = { objectsRead: 1, objectsSkipped: 0, rawBytes: 0, seconds: 0 };
    return { ...(all.length > given.length && { next: 'more' }), summary, problems };
  }
}

class Site {
  readonly store = new CountingStore();
  readonly clock = new ManualClock(startMs);
  readonly findings = new RecordingFindings();
  readonly canaries: Canaries;
  #minute = 0;

  constructor() {
    const { store, clock, findings } = this;
    this.canaries = new Canaries({
      options: () => canaryOptions.parse({}),
      stores: () => [store],
      queue: { topics: () => [backTopic('shop/canary')] },
      isConnected: () => true,
      cluster: { underLock: () => Promise.resolve() },
      findings,
      clock,
      logger: createLogger({ level: 'error', sink: () => undefined }),
    });
  }

  /** Another minute, and a look at the end of it. How many records it had to read. */
  async minute(isThere: (agent: number) => boolean = () => true): Promise<number> {
    this.#minute += 1;
    this.store.add(this.#minute, isThere);
    this.clock.advance(minuteMs);
    const before = this.store.given;
    await this.canaries.look(never);
    return this.store.given - before;
  }

  get reasons(): string[] {
    return this.findings.all().map(({ subject, reason }) => `${subject}: ${reason}`);
  }
}

test('one number that is missing costs no more for as long as it is missing, and all others nothing', async () => {
  const site = new Site();
  for (let minute = 1; minute <= 20; minute += 1) await site.minute();
  const usual = await site.minute();
  await site.minute((agent) => agent !== 7);
  let greatest = 0;
  for (let minute = 0; minute < 3 * 60; minute += 1) greatest = Math.max(greatest, await site.minute());
  assert.equal(site.reasons.length, 1);
  assert.match(
    site.reasons[0] ?? '',
    /^a7 archive: web7: in archive 1 of its numbered records are not there by now \(such as number 22\)/,
  );
  assert.ok(greatest <= usual + 3 * agents, `${greatest} instead of ${usual}`);
});

test('an output that stood still for hours is made up for by the next look, and what is nowhere is told', async () => {
  const site = new Site();
  for (let minute = 1; minute <= 20; minute += 1) await site.minute();
  for (let minute = 0; minute < 180; minute += 1) await site.minute(() => false);
  assert.equal(site.reasons.length, agents);
  for (let minute = 21; minute <= 200; minute += 1) site.store.add(minute, (agent) => agent !== 3);
  await site.minute();
  assert.deepEqual(site.reasons, []);
  for (let minute = 0; minute <= 10; minute += 1) await site.minute();
  assert.equal(site.reasons.length, 1);
  assert.match(site.reasons[0] ?? '', /^a3 archive: web3: in archive 180 of its/);
  assert.equal(site.canaries.figures.length, agents);
});

test('of a store that cannot be read what was found before stands', async () => {
  const site = new Site();
  for (let minute = 1; minute <= 20; minute += 1) await site.minute();
  const before = site.canaries.figures;
  site.store.problem = 'the disk is away';
  // Half of it is found, which would look as if the rest were missing.
  for (let minute = 0; minute < 30; minute += 1) await site.minute((agent) => agent % 2 === minute % 2);
  assert.deepEqual(site.canaries.figures, before);
  assert.deepEqual(site.reasons, []);
});
