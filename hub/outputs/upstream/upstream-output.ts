/**
 * The upstream: a site's hub is to the hubs of a higher site what an agent is to it. Batches go up as they came, with the positions of
 * their streams and the path that they took; their bodies are not looked into. Each output has an outbox, a connection and progress of its own.
 *
 * ```text
 *   front topics ──► upstream-topic.ts ──► upstream-outbox.ts ──► protocol/uplink ──► a hub of the higher site
 *        cursor ◄── commit ◄───── answered ◄──────────────────────────── Ack
 * ```
 */
import { hostname } from 'node:os';
import { hopsMax } from '@tributary/protocol/limits.ts';
import type { ChannelName, Hello, Hop, Id } from '@tributary/protocol/messages.ts';
import { ClientSession } from '@tributary/protocol/session/client.ts';
import type { UplinkEvents } from '@tributary/protocol/uplink/uplink-events.ts';
import type { UplinkBuffer } from '@tributary/protocol/uplink/uplink-buffer.ts';
import { Uplink, type UplinkStatus } from '@tributary/protocol/uplink/uplink.ts';
import { productVersion } from '@tributary/shared/build-info.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { makeFolder } from '@tributary/shared/make-folder.ts';
import { isOpenlyReached } from '@tributary/shared/network/hub-address.ts';
import type { UpstreamOutputOptions } from '../../config/output-options.ts';
import { pause } from '../../groups/retry.ts';
import { type RunnersCluster, TopicRunners } from '../../groups/topic-runners.ts';
import type { Findings } from '../../health/findings.ts';
import type { HubEventSink } from '../../platform/hub-events.ts';
import { frontTopic, type GroupRequest, type Queue, type StreamInfo } from '../../queue/queue.ts';
import { type Output, OutputError, type OutputStatus } from '../output.ts';
import { isBatchChosen, isChannelChosen } from './choice.ts';
import { credentialsLookMs, endsLookMsMin, pairLookMs, snapshotIntervalMs, upstreamRetryMsMax } from './limits.ts';
import { SnapshotSender } from './snapshot-sender.ts';
import { StreamEnds } from './stream-ends.ts';
import { UpstreamCredentials } from './upstream-credentials.ts';
import { upstreamFolder } from './upstream-folder.ts';
import { takeStart } from './upstream-identity.ts';
import { UpstreamOutbox } from './upstream-outbox.ts';
import { UpstreamTelling } from './upstream-telling.ts';
import type { WayReport } from './upstream-pair.ts';
import { UpstreamTopic } from './upstream-topic.ts';
import { UpstreamWays } from './upstream-ways.ts';

export interface UpstreamOutputParts {
  readonly options: UpstreamOutputOptions;
  readonly queue: Queue;
  readonly cluster: RunnersCluster;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly siteId: Id;
  readonly hubId: Id;
  readonly dataDir: string;
  readonly findings: Pick<Findings, 'put'>;
  readonly events: HubEventSink;
  /** The site's present health, as an upper site is told it. */
  readonly snapshot: () => Promise<unknown>;
  /** Which of them stand in for each other. */
  readonly ways?: UpstreamWays;
  /** How soon it is looked what became of streams at rest. */
  readonly endsLookMs?: number;
}

export function upstreamGroup(name: string): string {
  return `upstream:${name}`;
}

export class UpstreamOutput implements Output {
  readonly name: string;
  readonly #parts: UpstreamOutputParts;
  readonly #group: string;
  readonly #telling: UpstreamTelling;
  readonly #outbox: UpstreamOutbox;
  readonly #credentials: UpstreamCredentials;
  readonly #hello: Omit<Hello, 'kind' | 'versionMin' | 'versionMax'>;
  /** Streams that ended, until the upstream was told. */
  readonly #ended = new Map<string, number>();
  readonly #ways: UpstreamWays;
  readonly #leaveWays: readonly (() => void)[];
  #uplink: Uplink | undefined;
  #siteStore: string | undefined;
  #trouble = '';

  private constructor(parts: UpstreamOutputParts, folder: string, credentials: UpstreamCredentials) {
    const { options, queue, clock, siteId, hubId, logger } = parts;
    this.#parts = parts;
    this.name = options.name;
    this.#group = upstreamGroup(options.name);
    this.#credentials = credentials;
    this.#telling = new UpstreamTelling({ ...parts, name: options.name });
    this.#ways = parts.ways ?? new UpstreamWays(parts);
    this.#outbox = new UpstreamOutbox({
      queue,
      hop: { siteId, hubId },
      group: this.#group,
      isChosen: (streams, hops) => isBatchChosen(streams, options) && !this.#wentThroughUpper(streams, hops),
      hopsMax,
      hasSister: () => this.#ways.of(options.name) !== undefined,
      clock,
      onRejected: (entry, reason) => this.#telling.rejected(entry, reason),
      onFailed: (error) => logger.error('entries for the upstream cannot be read', { output: options.name, error }),
    });
    this.#leaveWays = this.#joinWays(options);
    const facts = { host: hostname(), version: productVersion() };
    this.#hello = { sender: 'hub', ...takeStart(folder, { hubId, nowMs: clock.now() }), facts, capabilities: [] };
  }

  /** Rejects with an OutputError when it cannot be as configured. */
  static async open(parts: UpstreamOutputParts): Promise<UpstreamOutput> {
    const { options, dataDir } = parts;
    const open = options.hubs.find((hub) => isOpenlyReached(hub, options.proxy));
    if (open !== undefined && !options.plaintext) {
      const hint = 'use wss:// (tributary-hub enroll TOKEN), or say plaintext: true';
      throw new OutputError(`outputs: the upstream ${options.name} would send everything to ${open} in the clear: ${hint}`);
    }
    const folder = upstreamFolder(options, dataDir);
    try {
      makeFolder(folder, { mode: 0o700 });
      return new UpstreamOutput(parts, folder, await UpstreamCredentials.open({ ...parts, folder }));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new OutputError(`outputs: the upstream ${options.name} cannot be used: ${reason}`, { cause });
    }
  }

  reads(channel: ChannelName): 'front' | undefined {
    return isChannelChosen(channel, this.#parts.options) ? 'front' : undefined;
  }

  async prepare(channel: ChannelName, from: GroupRequest['from']): Promise<void> {
    if (this.reads(channel) === undefined) return;
    const topic = frontTopic(channel);
    await this.#parts.queue.ensureGroup({ topic, group: this.#group, policy: { kind: 'blocking' }, from });
  }

  /** The upstream's part of the work goes on while it is away: what is for it waits in the topics. */
  async run(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const inner = AbortSignal.any([signal, over.signal]);
    const works = [this.#runTopics(inner), this.#runUplink(inner), this.#credentials.run(inner)];
    if (this.#parts.options.standby_for !== undefined) works.push(this.#runWays(inner));
    try {
      await Promise.all(works.map((work) => work.finally(() => over.abort())));
    } finally {
      over.abort();
      await Promise.allSettled(works);
      this.#uplink = undefined;
    }
  }

  status(): OutputStatus {
    const { connected, trouble } = this.#reached();
    const { bodyBytes } = this.#outbox;
    const { certificate } = this.#credentials;
    const way = this.#ways.of(this.name);
    return {
      name: this.name,
      kind: 'upstream',
      group: this.#group,
      state: connected ? 'running' : 'waiting',
      ...(way?.isQuiet === true && { quietFor: way.sister }),
      trouble,
      counts: { ...this.#telling.counts, inFlightBytes: this.#uplink?.inFlightBytes ?? 0, readAheadBytes: bodyBytes },
      ...(certificate === undefined ? {} : { certificate: { notAfterMs: certificate.notAfterMs } }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const leave of this.#leaveWays) leave();
    this.#telling.clear();
    await this.#credentials[Symbol.asyncDispose]();
  }

  #reached(): { readonly connected: boolean; readonly trouble: string } {
    const status: UplinkStatus | undefined = this.#uplink?.status();
    if (status === undefined) return { connected: false, trouble: this.#trouble };
    const connected = status.state === 'connected';
    const trouble = status.trouble === '' ? 'not connected yet' : status.trouble;
    return { connected, trouble: connected ? '' : `${status.hub}: ${trouble}` };
  }

  async #runTopics(signal: AbortSignal): Promise<void> {
    const { queue, cluster, clock, logger, hubId: owner } = this.#parts;
    const { name } = this;
    const [outbox, group, ways] = [this.#outbox, this.#group, this.#ways];
    const onFenced = (topic: string): void => logger.warn('another hub works for the upstream now', { topic, output: this.name });
    const runners = new TopicRunners({
      queue,
      cluster,
      clock,
      logger,
      prefix: frontTopic(''),
      group,
      isChosen: (channel) => this.reads(channel) !== undefined,
      create: (place) => new UpstreamTopic({ queue, clock, outbox, group, owner, place, ways, name, onFenced }),
    });
    const { endsLookMs: lookMs = endsLookMsMin } = this.#parts;
    const ends = new StreamEnds({
      lookMs,
      queue,
      outbox,
      clock,
      onEnded: (stream, position) => this.#streamEnded(stream.name, position),
    });
    await Promise.all([runners.run(signal), ends.run(signal)]);
  }

  #joinWays({ name, standby_for: primary, after: afterMs }: UpstreamOutputOptions): readonly (() => void)[] {
    const { counts } = this.#telling;
    const report = (): WayReport => {
      return { connected: this.#reached().connected, waits: this.#outbox.waits, answered: counts.acked + counts.rejected };
    };
    const leave = this.#ways.join(name, { group: this.#group, report });
    return primary === undefined ? [leave] : [leave, this.#ways.couple({ primary, standby: name, afterMs })];
  }

  /** A standby decides when it is sent to. */
  async #runWays(signal: AbortSignal): Promise<void> {
    const { clock, options } = this.#parts;
    const { name, standby_for: primary = '' } = options;
    while (!signal.aborted) {
      await pause(clock, pairLookMs, signal);
      if (signal.aborted) return;
      const active = this.#ways.look(name);
      if (active !== undefined) this.#telling.turned(active, primary);
    }
  }

  async #runUplink(signal: AbortSignal): Promise<void> {
    const { clock, options } = this.#parts;
    const hubs = (): readonly string[] => (options.hubs.length > 0 ? options.hubs : this.#credentials.hubs);
    this.#trouble = `no hub of an upper site is known: run tributary-hub enroll TOKEN --output ${this.name}`;
    if (hubs().length === 0) this.#telling.reach(this.#trouble);
    while (hubs().length === 0 && !signal.aborted) await pause(clock, credentialsLookMs, signal);
    if (signal.aborted) return;
    const uplink = this.#createUplink(hubs());
    this.#uplink = uplink;
    const removeListener = this.#credentials.onChanged(() => uplink.renewConnection('the certificate for the upstream changed'));
    const sender = new SnapshotSender({
      snapshot: this.#parts.snapshot,
      send: (json) => uplink.sendSnapshot(json),
      clock,
      onFailed: (error) => this.#parts.logger.warn('the health of this site cannot be told to the upstream now', { error }),
    });
    this.#onWelcomed = () => sender.connected();
    try {
      await Promise.all([uplink.run(signal), sender.run(signal, snapshotIntervalMs)]);
    } finally {
      removeListener();
    }
  }

  #onWelcomed = (): void => undefined;

  #createUplink(hubs: readonly string[]): Uplink {
    const { options, clock, logger } = this.#parts;
    return new Uplink({
      hubs,
      hubPolicy: options.hub_policy,
      proxy: options.proxy,
      plaintext: options.plaintext,
      rateLimit: options.rate_limit,
      retryMsMax: upstreamRetryMsMax,
      secureContext: () => this.#credentials.secureContext(),
      clock,
      logger,
      wantArchived: false,
      buffer: this.#buffer(),
      hello: this.#hello,
      createSession: (session) => new ClientSession(session),
      events: this.#uplinkEvents(),
    });
  }

  #buffer(): UplinkBuffer {
    const outbox = this.#outbox;
    const siteStore = (): string | undefined => this.#siteStore;
    return {
      outbox: outbox.outbox,
      needsRecovery: false,
      get siteStore() {
        return siteStore();
      },
      adopt: () => Promise.resolve(),
      acked: (batchIds) => {
        this.#telling.counts.acked += outbox.acked(batchIds);
      },
      reject: (batchId, reason) => outbox.reject(batchId, `the upstream ${this.name} refused it: ${reason}`),
      diverged: (divergence) => Promise.resolve(outbox.diverged(divergence)),
      positioned: (streamId, held) => outbox.positioned(streamId, held),
      closed: (streamId) => {
        this.#ended.delete(streamId);
        outbox.forget(streamId);
      },
      disconnected: () => outbox.disconnected(),
      recordLoss: (loss) => {
        this.#telling.lost({ from: loss.from, to: loss.to, cause: loss.cause, stream: loss.streamId });
        outbox.positioned(loss.streamId, loss.to);
      },
      rememberSiteStore: (storeId) => {
        this.#siteStore = storeId;
      },
      onAppended: (listener) => outbox.onAppended(listener),
    };
  }

  #uplinkEvents(): UplinkEvents {
    const counts = this.#telling.counts;
    return {
      welcomed: () => {
        counts.connections += 1;
        this.#telling.reach('');
        for (const [streamId, position] of this.#ended) this.#uplink?.closeStream(streamId, position);
        this.#onWelcomed();
      },
      disconnected: ({ reason, hint }) => {
        if (reason !== 'left' && reason !== 'drained' && reason !== 'stopped') this.#telling.reach(hint);
      },
      recovered: () => undefined,
      sent: (bodyBytes, records) => {
        counts.batches += 1;
        counts.bytes += bodyBytes;
        counts.records += records;
      },
      acked: () => undefined,
      positioned: () => undefined,
      lost: () => undefined,
      rejected: () => undefined,
    };
  }

  /** A site gets nothing back that it had: else what goes around in a circle would never end. */
  #wentThroughUpper(streams: readonly StreamInfo[], hops: readonly Hop[]): boolean {
    const upper = this.#credentials.certificate?.upperSiteId;
    const sites = [...streams.map(({ key }) => key.siteId), ...hops.map(({ siteId }) => siteId)];
    if (upper === undefined || !sites.includes(upper)) return false;
    this.#telling.loop(upper);
    return true;
  }

  #streamEnded(streamId: string, position: number): void {
    if (this.#ended.has(streamId)) return;
    this.#ended.set(streamId, position);
    this.#uplink?.closeStream(streamId, position);
  }
}
