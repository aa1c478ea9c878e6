/**
 * Reads one platform channel's front topic in one partition for the hub itself: how its agents are, and what happened to them. It begins at the end, keeps nothing
 * back for long (its group expires), and stores its place now and then only: what is read twice says the same twice.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { LeaseQueue } from '../groups/hold-lease.ts';
import { runUnderLease, type WorkEnd } from '../groups/lease-runner.ts';
import { runnerIdleMs } from '../groups/limits.ts';
import { pause } from '../groups/retry.ts';
import type { TopicPlace, TopicRunner } from '../groups/topic-runners.ts';
import { Wake } from '../groups/wake.ts';
import type { Entry, Lease, Queue } from '../queue/queue.ts';
import { inflatedBodies } from './inflated-bodies.ts';
import {
  commitIntervalMs,
  documentsPerTurn,
  gatherMs,
  readBytesMax,
  readEntriesMax,
  readerAgeMsMax,
  readerBytesMax,
} from './limits.ts';
import { platformDocument, type PlatformDocument } from './platform-document.ts';
import { wantedRecords } from './wanted-records.ts';

/** What it is called among the reader groups. */
export const measurementsGroup = 'measurements';

export interface PlatformTopicReaderParts {
  readonly queue: LeaseQueue & Pick<Queue, 'ensureGroup' | 'read' | 'commit'>;
  readonly clock: Clock;
  readonly owner: string;
  readonly place: TopicPlace;
  readonly onDocument: (document: PlatformDocument) => void;
}

export class PlatformTopicReader implements TopicRunner {
  readonly #parts: PlatformTopicReaderParts;
  readonly #wake = new Wake();
  /** Since the start. */
  #documents = 0;

  constructor(parts: PlatformTopicReaderParts) {
    this.#parts = parts;
  }

  wake(): void {
    this.#wake.notify();
  }

  get isWoken(): boolean {
    return this.#wake.isNotified;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { queue, clock, owner, place } = this.#parts;
    const { topic, partition } = place;
    const policy = { kind: 'expiring', ageMsMax: readerAgeMsMax, bytesMax: readerBytesMax } as const;
    await queue.ensureGroup({ topic, group: measurementsGroup, policy, from: 'end' });
    const group = { topic, group: measurementsGroup, partition };
    await runUnderLease({ queue, clock, owner, group }, signal, (lease, inner) => this.#work(lease, inner));
  }

  async #work(lease: Lease, signal: AbortSignal): Promise<WorkEnd> {
    const { queue, clock, place } = this.#parts;
    const { topic, partition } = place;
    let readTo = lease.cursor;
    let committed = lease.cursor;
    let committedMs = clock.monotonic();
    const commit = async (): Promise<boolean> => {
      if (readTo > committed && (await queue.commit({ lease, to: readTo })) !== 'done') return false;
      committed = readTo;
      committedMs = clock.monotonic();
      return true;
    };
    while (!signal.aborted) {
      const entries = await queue.read(
        { topic, partition, afterSequence: readTo },
        { entries: readEntriesMax, bytes: readBytesMax },
      );
      await this.#take(entries);
      readTo = entries.at(-1)?.sequence ?? readTo;
      if (clock.monotonic() - committedMs >= commitIntervalMs && !(await commit())) return 'ended';
      if (entries.length > 0) continue;
      const waitMs = readTo > committed ? commitIntervalMs : runnerIdleMs;
      const isWoken = await this.#wake.wait(clock, signal, waitMs);
      // Each agent tells for itself, and very many tell all the time: what comes within a moment is read together, in all partitions at the same
      // time, as code and data that were used just now are still at hand.
      if (isWoken) await pause(clock, gatherMs - (clock.monotonic() % gatherMs), signal);
      if (isWoken || readTo > committed || signal.aborted) continue;
      return 'idle';
    }
    await commit();
    return 'ended';
  }

  /** A body that cannot be read is the pipeline's to tell of. */
  async #take(entries: readonly Entry[]): Promise<void> {
    const batches = entries.filter(({ format, segments }) => format === 'batch' && segments.length > 0);
    for await (const bodies of inflatedBodies(batches)) {
      for (const { entry, lines } of bodies) {
        for (const record of wantedRecords(lines.toString())) {
          this.#tell(entry, record);
          this.#documents += 1;
          // Somebody else may wait for the thread.
          if (this.#documents % documentsPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
        }
      }
    }
  }

  #tell({ segments, receivedMs }: Entry, record: string): void {
    const key = segments[0]?.stream.key;
    if (key === undefined) return;
    const [tenant = ''] = this.#parts.place.channel.split('/');
    const document = platformDocument(record, { siteId: key.siteId, agentId: key.agentId, tenant, receivedMs });
    if (document !== undefined) this.#parts.onDocument(document);
  }
}
