/** A hub as far as its upstreams know it: a real queue, and whatever upstreams a test starts over it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checksumOf } from '@tributary/protocol/checksum.ts';
import type { StreamAttributes } from '@tributary/protocol/messages.ts';
import type { TestSite } from '@tributary/protocol/uplink/testing/test-site.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { SingleCluster } from '../../../cluster/single-cluster.ts';
import { upstreamOutput } from '../../../config/output-options.ts';
import type { Finding } from '../../../health/findings.ts';
import type { ReportedEvent } from '../../../platform/hub-events.ts';
import { openSqliteQueue } from '../../../queue/sqlite/open-sqlite-queue.ts';
import type { SqliteQueue } from '../../../queue/sqlite/sqlite-queue.ts';
import { eventually } from '../../../testing/eventually.ts';
import { compress, StreamWriter, streamInfo } from '../../../testing/records.ts';
import { upstreamGroup, UpstreamOutput } from '../upstream-output.ts';
import { UpstreamWays } from '../upstream-ways.ts';

function onFailed(error: Error): void {
  assert.fail(error);
}

interface StartAs {
  readonly cluster?: SingleCluster;
  readonly hubId?: string;
}

/** A standby and its sister turn after so long: no test runs as long, so they turn only when `turnTo` lets the time pass. */
const turnMs = 3_600_000;

export class LowerSite implements AsyncDisposable {
  readonly folder: string;
  readonly queue: SqliteQueue;
  readonly ways: UpstreamWays;
  readonly findings: Pick<Finding, 'kind' | 'subject'>[] = [];
  readonly events: ReportedEvent[] = [];
  snapshot: unknown = { hubs: 1 };
  #passedMs = 0;
  readonly #running: { readonly output: UpstreamOutput; readonly stop: AbortController; readonly done: Promise<void> }[] = [];

  private constructor(folder: string, queue: SqliteQueue) {
    this.folder = folder;
    this.queue = queue;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + this.#passedMs };
    this.ways = new UpstreamWays({ queue, clock, backAfterMs: turnMs });
  }

  static async open(): Promise<LowerSite> {
    const folder = mkdtempSync(join(tmpdir(), 'tributary-upstream-'));
    const log = createLogger({ level: 'error', sink: () => undefined });
    const queue = await openSqliteQueue({ folder, log, clock: systemClock, relaxed: true, onFailed });
    return new LowerSite(folder, queue);
  }

  /** The part of a hub that works on everything, unless it is told otherwise. */
  cluster(hubId = this.queue.hubId): SingleCluster {
    const self = { hubId, host: 'h', version: '1', startedMs: 1 };
    const cluster = new SingleCluster({ self, clock: systemClock, partitions: this.queue.partitions });
    cluster.tell({ works: true, state: 'ready' });
    return cluster;
  }

  async start(
    site: TestSite,
    options: Record<string, unknown> = {},
    { cluster, hubId = this.queue.hubId }: StartAs = {},
  ): Promise<UpstreamOutput> {
    const { siteId } = this.queue;
    const output = await UpstreamOutput.open({
      options: { ...upstreamOutput.parse({ kind: 'upstream', hubs: [site.url], ...options }), after: turnMs },
      queue: this.queue,
      cluster: cluster ?? this.cluster(),
      clock: systemClock,
      logger: createLogger({ level: 'error', sink: () => undefined }),
      siteId,
      hubId,
      dataDir: this.folder,
      findings: {
        put: ({ kind, subject }, finding) => {
          const others = this.findings.filter((one) => one.kind !== kind);
          this.findings.splice(0, this.findings.length, ...others, ...(finding === undefined ? [] : [{ kind, subject }]));
        },
      },
      events: { report: (event) => void this.events.push(event) },
      snapshot: () => Promise.resolve(this.snapshot),
      endsLookMs: 50,
      ways: this.ways,
    });
    const stop = new AbortController();
    this.#running.push({ output, stop, done: output.run(stop.signal) });
    return output;
  }

  async stop(): Promise<void> {
    for (const { output, stop, done } of this.#running.splice(0)) {
      stop.abort();
      await done;
      await output[Symbol.asyncDispose]();
    }
  }

  writer(number: number, attributes: Partial<StreamAttributes> = {}): StreamWriter {
    return new StreamWriter(this.queue, streamInfo(number, attributes));
  }

  /** Lets time pass until this one of two is sent to. */
  async turnTo(name: string): Promise<void> {
    await eventually(`${name} is sent to`, () => {
      if (this.ways.of(name)?.isQuiet === false) return true;
      this.#passedMs += turnMs;
      return false;
    });
  }

  /** Everything is passed on and committed. */
  async passedOn(name = 'upstream'): Promise<void> {
    await eventually('the cursor is at the end', async () => {
      const { groups, topics } = await this.queue.status();
      return topics.every(({ topic, lastSequence }) => {
        const group = groups.find((one) => one.topic === topic && one.group === upstreamGroup(name));
        return (group?.cursor ?? 0) === lastSequence;
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.queue[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Resolves with the compressed bytes that the hub keeps. */
export async function write(writer: StreamWriter, text: string): Promise<Buffer> {
  const body = compress(Buffer.from(text));
  const copy = Buffer.from(body);
  await writer.append(Buffer.from(text), { body, checksum: checksumOf(copy) });
  return copy;
}

export function pathOf(number: number): string {
  return `/var/log/${number}.log`;
}
