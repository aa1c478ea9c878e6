/**
 * Reads one platform channel's front topic in one partition for the hub itself: how its agents are, and what happened to them. It begins at the end, keeps nothing
 * back for long (its group expires), and stores its place now and then only: what is read twice says the same twice.
 */
import { promisify } from 'node:util';
import { zstdDecompress, zstdDecompressSync } from 'node:zlib';
import type { Clock } from '@tributary/shared/clock.ts';
import type { LeaseQueue } from '../groups/hold-lease.ts';
import { runUnderLease, type WorkEnd } from '../groups/lease-runner.ts';
import { runnerIdleMs } from '../groups/limits.ts';
import { pause } from '../groups/retry.ts';
import type { TopicPlace, TopicRunner } from '../groups/topic-runners.ts';
import { Wake } from '../groups/wake.ts';
import type { Entry, Lease, Queue } from '../queue/queue.ts';
import { isWorthParsing } from './document-filter.ts';
import {
  commitIntervalMs,
  gatherMs,
  inflatedHereBytesMax,
  linesPerTurn,
  readBytesMax,
  readEntriesMax,
  readerAgeMsMax,
  readerBytesMax,
} from './limits.ts';
import { platformDocument, type PlatformDocument } from './platform-document.ts';

/** What it is called among the reader groups. */
export const measurementsGroup = 'measurements';

export interface PlatformTopicReaderParts {
  readonly queue: LeaseQueue & Pick<Queue, 'ensureGroup' | 'read' | 'commit'>;
  readonly clock: Clock;
  readonly owner: string;
  readonly place: TopicPlace;
  readonly onDocument: (document: PlatformDocument) => void;
}

const inflateElsewhere = promisify(zstdDecompress);
const newline = 0x0a;

export class PlatformTopicReader implements TopicRunner {
  readonly #parts: PlatformTopicReaderParts;
  readonly #wake = new Wake();
  /** Lines since somebody else had a turn. */
  #lines = 0;

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
      for (const entry of entries) await this.#take(entry);
      readTo = entries.at(-1)?.sequence ?? readTo;
      if (clock.monotonic() - committedMs >= commitIntervalMs && !(await commit())) return 'ended';
      if (entries.length > 0) continue;
      const waitMs = readTo > committed ? commitIntervalMs : runnerIdleMs;
      const isWoken = await this.#wake.wait(clock, signal, waitMs);
      // Each agent tells for itself, and very many tell all the time: what comes within a moment is read together.
      if (isWoken) await pause(clock, gatherMs, signal);
      if (isWoken || readTo > committed || signal.aborted) continue;
      return 'idle';
    }
    await commit();
    return 'ended';
  }

  /** A body that cannot be read is the pipeline's to tell of. */
  async #take({ format, body, inflatedBytes, segments, receivedMs }: Entry): Promise<void> {
    const key = segments[0]?.stream.key;
    if (format !== 'batch' || key === undefined) return;
    const [tenant = ''] = this.#parts.place.channel.split('/');
    const origin = { siteId: key.siteId, agentId: key.agentId, tenant, receivedMs };
    const lines = await inflated(body, inflatedBytes);
    if (lines === undefined) return;
    for (let from = 0; from < lines.length;) {
      const end = lines.indexOf(newline, from);
      const line = lines.subarray(from, end === -1 ? lines.length : end);
      from = end === -1 ? lines.length : end + 1;
      this.#lines += 1;
      if (this.#lines % linesPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
      if (line.length === 0 || !isWorthParsing(line)) continue;
      const document = platformDocument(line.toString(), origin);
      if (document !== undefined) this.#parts.onDocument(document);
    }
  }
}

/** Undefined: it cannot be inflated. What is small takes less time than telling another thread of it. */
async function inflated(body: Uint8Array, inflatedBytes: number): Promise<Buffer | undefined> {
  // In one piece, and a little more: a buffer that is exactly full is followed by another one.
  const options = { maxOutputLength: Math.max(1, inflatedBytes), chunkSize: inflatedBytes + 64 };
  try {
    return inflatedBytes <= inflatedHereBytesMax ? zstdDecompressSync(body, options) : await inflateElsewhere(body, options);
  } catch {
    return undefined;
  }
}
