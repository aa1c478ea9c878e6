/**
 * Counts what records say, and how many come, as their pipelines are done with them: reads the ends of the back topics, with no reader group, so that it holds nothing
 * up. One hub of the site does, for all partitions, so what it counts is the site's. Who cannot follow leaves out what is older than
 * the time that it counts over.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { Cluster, HeldLock } from '../../cluster/cluster.ts';
import type { ContentAlert, MatchAlert } from '../../config/content-alert-options.ts';
import { pause } from '../../groups/retry.ts';
import type { Findings } from '../../health/findings.ts';
import { type SearchSession, SearchThreads } from '../../outputs/archive/search/search-threads.ts';
import { backTopic, type Entry, type Queue } from '../../queue/queue.ts';
import { rowQueryOf } from '../../search/row-query.ts';
import { wantedOf } from '../../search/wanted.ts';
import { ContentRule } from './content-rule.ts';
import { contentLookMs, countedEntries, readBytes, readEntries, readsPerLook } from './limits.ts';

export interface ContentAlertsParts {
  /** As the configuration has them now; the same list until it changes. */
  readonly options: () => readonly ContentAlert[];
  readonly queue: Pick<Queue, 'topics' | 'partitions' | 'measure' | 'read'>;
  readonly cluster: Pick<Cluster, 'underLock'>;
  readonly findings: Pick<Findings, 'set'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Counter {
  readonly rule: ContentRule;
  /** Of what has to be looked into. */
  readonly session: SearchSession | undefined;
  /** By partition the last entry that was looked at. */
  readonly after: Map<number, number>;
}

export class ContentAlerts {
  readonly #parts: ContentAlertsParts;
  #isBroken = false;

  constructor(parts: ContentAlertsParts) {
    this.#parts = parts;
  }

  /** Resolves when aborted. */
  run(signal: AbortSignal): Promise<void> {
    return this.#parts.cluster.underLock('content-alerts', signal, (lock, inner) => this.#keep(lock, inner));
  }

  async #keep(lock: HeldLock, signal: AbortSignal): Promise<void> {
    const { options: now, clock, findings } = this.#parts;
    try {
      while (!signal.aborted && (await lock.isHeld())) {
        const options = now();
        if (options.length > 0) await this.#count(options, lock, signal);
        findings.set('content-alert', []);
        await pause(clock, contentLookMs, signal);
      }
    } finally {
      findings.set('content-alert', []);
    }
  }

  /** Until aborted, or the configuration is another. */
  async #count(options: readonly ContentAlert[], lock: HeldLock, signal: AbortSignal): Promise<void> {
    const { options: now, clock } = this.#parts;
    await using threads = new SearchThreads({ size: 1, isBackground: true });
    using counting = new Counting(this.#parts, { options, threads });
    while (!signal.aborted && now() === options && (await lock.isHeld())) {
      await this.#look(counting);
      await pause(clock, contentLookMs, signal);
    }
  }

  async #look(counting: Counting): Promise<void> {
    try {
      await counting.look();
      this.#isBroken = false;
    } catch (error) {
      // The store may be away: what came meanwhile is counted when it is there again.
      if (!this.#isBroken) this.#parts.logger.warn('content alerts cannot count now', { error });
      this.#isBroken = true;
    }
  }
}

/** Rules that are counted together. */
export class Counting implements Disposable {
  readonly #parts: Pick<ContentAlertsParts, 'queue' | 'findings' | 'clock'>;
  readonly #counters: readonly Counter[];

  constructor(
    parts: Pick<ContentAlertsParts, 'queue' | 'findings' | 'clock'>,
    { options, threads }: { readonly options: readonly ContentAlert[]; readonly threads: SearchThreads },
  ) {
    this.#parts = parts;
    this.#counters = options.map((one) => ({
      rule: new ContentRule(one, parts.clock.now()),
      session: one.kind === 'matches' ? openSession(one, threads) : undefined,
      after: new Map(),
    }));
  }

  async look(): Promise<void> {
    const { queue, findings, clock } = this.#parts;
    const topics = new Set(queue.topics());
    for (const counter of this.#counters) {
      if (!topics.has(backTopic(counter.rule.channel))) continue;
      for (let partition = 0; partition < queue.partitions; partition += 1) await this.#follow(counter, partition);
    }
    findings.set(
      'content-alert',
      this.#counters.flatMap(({ rule }) => rule.look(clock.now()) ?? []),
    );
  }

  [Symbol.dispose](): void {
    for (const { session } of this.#counters) session?.[Symbol.dispose]();
  }

  async #follow(counter: Counter, partition: number): Promise<void> {
    for (let reads = 0; reads < readsPerLook; reads += 1) if (!(await this.#readOn(counter, partition))) return;
  }

  /** Whether there may be more. */
  async #readOn({ rule, session, after }: Counter, partition: number): Promise<boolean> {
    const { queue, clock } = this.#parts;
    const topic = backTopic(rule.channel);
    const afterSequence = after.get(partition) ?? 0;
    const neededFromMs = rule.neededFromMs(clock.now());
    const limits = { entries: countedEntries, bytes: 0, bodies: false };
    const heads = await queue.read({ topic, partition, afterSequence }, limits);
    const needed = heads.findIndex(({ receivedMs }) => receivedMs >= neededFromMs);
    const last = heads.at(-1);
    if (last === undefined) return false;
    if (session === undefined) for (const { receivedMs, records } of heads) rule.add(receivedMs, records);
    if (needed === -1 || session === undefined) {
      after.set(partition, last.sequence);
      return heads.length === countedEntries;
    }
    const from = { topic, partition, afterSequence: (heads[needed]?.sequence ?? 1) - 1 };
    const entries = await queue.read(from, { entries: readEntries, bytes: readBytes });
    for (const atMs of await matches(session, rule.channel, entries)) rule.add(atMs, 1);
    const read = entries.at(-1)?.sequence ?? last.sequence;
    after.set(partition, read);
    return read < last.sequence;
  }
}

function openSession({ text, regex, query, ignore_case }: MatchAlert, threads: SearchThreads): SearchSession {
  const wanted = wantedOf({ text, regex, query, ignore_case }, { visible: undefined, nowMs: 0 });
  return threads.open({ query: rowQueryOf(wanted), format: 'time', order: 'oldest', encryption: undefined });
}

/** When each record that fits was received. */
async function matches(session: SearchSession, channel: string, entries: readonly Entry[]): Promise<Iterable<number>> {
  const from = entries.map(({ inflatedBytes, body }) => ({ inflatedBytes, body: new Uint8Array(body) }));
  const task = { name: channel, channel, from, offset: 0, compressedBytes: 0, inflatedBytes: 0, isFirst: false };
  const { times } = await session.scan(
    task,
    from.map(({ body }) => body.buffer),
  );
  return times;
}
