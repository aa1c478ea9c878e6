/**
 * The wiring of an agent, built right to left: identity, buffer, batcher, uplink, sink, inputs. Nothing else constructs a stage.
 *
 * Acks come back as results of calls; positions move with the batches in the buffer. Stopping goes left to right: inputs push what
 * they read, the batcher is flushed, the buffer is durable, acks get a moment; whatever is cut short is read or sent again.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Id } from '@tributary/protocol/messages.ts';
import { ClientSession } from '@tributary/protocol/session/client.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { cannotBeReadAgain } from './buffer/adoption.ts';
import type { BufferLimits } from './buffer/limits.ts';
import { openBuffer } from './buffer/open-buffer.ts';
import type { SqliteBuffer } from './buffer/sqlite-buffer.ts';
import { type Counters, newCounters } from './counters.ts';
import { DropTally } from './drop-tally.ts';
import { AgentEvents } from './events.ts';
import { OverflowBatcher } from './framing/overflow-batcher.ts';
import type { Ownership } from './enrolment/ownership.ts';
import type { Renewal, RenewalStatus } from '@tributary/protocol/enrolment/renewal.ts';
import { settlePending } from './enrolment/settle.ts';
import { lockFolder } from './identity/folder-lock.ts';
import { type Identity, takeIdentity } from './identity/identity.ts';
import { InputSet } from './input-set.ts';
import { markAt } from './inputs/file/mark-at.ts';
import type { Run } from './inputs/input.ts';
import { PlatformStream } from './platform/platform-stream.ts';
import { Rotator } from './rotation/rotator.ts';
import { AgentSinks } from './sink.ts';
import { otherAgentRule } from './enrolment/ownership.ts';
import type { TlsSettings } from '@tributary/protocol/enrolment/enrolled-tls.ts';
import { type AgentTls, openAgentTls } from './tls/agent-tls.ts';
import { Uplink, type UplinkOptions } from '@tributary/protocol/uplink/uplink.ts';
import type { UplinkEvents } from '@tributary/protocol/uplink/uplink-events.ts';
import { uplinkBufferOf } from './uplink/uplink-buffer-of.ts';

export interface AgentOptions {
  readonly folder: string;
  readonly uplink: Pick<UplinkOptions, 'hubs' | 'proxy' | 'plaintext' | 'hubPolicy' | 'connectionMaxAgeMs' | 'rateLimit'>;
  /** Without it only what enrolment left in the folder. */
  readonly tls?: TlsSettings;
  readonly buffer: BufferLimits;
  readonly batch: { readonly maxBytes: number; readonly maxRecords: number; readonly flushIntervalMs: number };
  /** What a hub is told about this agent. */
  readonly facts: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly crashPoint?: string | undefined;
  /** Whose the platform events are; without it there are none. */
  readonly platform?: { readonly tenant: string; readonly labels: Readonly<Record<string, string>> } | undefined;
  /** `ship`: read files to their ends and stop there. */
  readonly once?: boolean;
  readonly wantArchived?: boolean;
  readonly onPositioned?: UplinkEvents['positioned'];
  readonly onPushed?: (run: Run) => void;
  readonly onAcked?: () => void;
  readonly onLost?: UplinkEvents['lost'];
}

/** Without a connection nobody waits for a batch: fewer and larger ones are kept. */
const offlineFlushIntervalMs = 2000;
const flushDeadlineMs = 10_000;
/** There is no room, and no hub that would make some. */
const stuckFlushDeadlineMs = 1000;
const ackDeadlineMs = 2000;
const ackPollMs = 20;

export class Agent implements AsyncDisposable {
  readonly counters: Counters = newCounters();
  readonly events: AgentEvents;
  readonly identity: Identity;
  readonly buffer: SqliteBuffer;
  readonly tls: AgentTls;
  readonly batcher: OverflowBatcher;
  readonly uplink: Uplink;
  readonly inputs: InputSet;
  readonly rotator: Rotator;
  /** Resolves when something broke that only opening everything anew can mend. */
  readonly failed: Promise<Error>;
  readonly #options: AgentOptions;
  readonly #sinks: AgentSinks;
  readonly #tally: DropTally;
  readonly #stopUplink = new AbortController();
  readonly #uplinkDone: Promise<void>;
  readonly #recovered = Promise.withResolvers<void>();
  #knowsStreams = false;
  readonly #platform: PlatformStream | undefined;
  readonly #platformDone: Promise<void>;
  readonly #certificatesDone: Promise<void>;
  #renewal: Renewal | undefined;
  readonly #lock: Disposable;

  private constructor(
    options: AgentOptions,
    parts: {
      readonly lock: Disposable;
      readonly identity: Identity;
      readonly tls: AgentTls;
      readonly buffer: SqliteBuffer;
      readonly failure: PromiseWithResolvers<Error>;
    },
  ) {
    const { clock, logger } = options;
    const { buffer, failure } = parts;
    this.#options = options;
    this.#lock = parts.lock;
    this.identity = parts.identity;
    this.tls = parts.tls;
    this.buffer = buffer;
    this.failed = failure.promise;
    const fail = (error: unknown): void => failure.resolve(error instanceof Error ? error : new Error(String(error)));
    this.#platform = this.#createPlatform();
    this.events = new AgentEvents({ logger, counters: this.counters, reporter: this.#platform });
    const pathOf = (streamId: Id): string => buffer.stream(streamId).identity.path;
    this.#tally = new DropTally({ clock, events: this.events.input, pathOf });
    this.batcher = this.#createBatcher(fail);
    this.uplink = this.#createUplink();
    // That there is room again is told when it is looked at: a buffer at its limit has some and none in turn.
    const tellFull = (): void => {
      if (buffer.status().state !== 'open') this.observeBuffer();
    };
    buffer.onRoomChanged(tellFull);
    tellFull();
    buffer.onBatchesDropped((dropped) => dropped.forEach((one) => this.#tally.add(one)));
    this.#uplinkDone = this.uplink.run(this.#stopUplink.signal).catch(fail);
    this.#sinks = new AgentSinks({
      buffer,
      batcher: this.batcher,
      onPushed: (run) => {
        this.counters.recordsRead += run.records;
        this.counters.bytesRead += run.bytes.length;
        options.onPushed?.(run);
      },
    });
    this.inputs = new InputSet({
      createSink: () => this.#sinks.create(),
      events: this.events.input,
      supervision: this.events,
      clock,
      agentId: this.identity.agentId,
      once: options.once ?? false,
      onFailed: fail,
    });
    this.rotator = new Rotator({ sink: this.#sinks.create(), events: this.events, clock });
    if (!buffer.needsRecovery) this.#streamsAreKnown();
    this.#platformDone = this.#runPlatform().catch(fail);
    this.tls.onChanged(() => this.uplink.renewConnection('the certificates of this agent changed'));
    this.#certificatesDone = this.#followCertificates().catch(fail);
  }

  /** Opens everything but the inputs, and begins to connect. */
  static async start(options: AgentOptions): Promise<Agent> {
    const { folder, clock, logger, crashPoint } = options;
    const lock = lockFolder(folder);
    let [tls, agent]: [AgentTls?, Agent?] = [];
    const onProblem = (problem: Error): void => agent?.events.certificateUnusable(problem);
    try {
      // Before anybody learns who this agent is: an enrolment that a crash cut short may make it another one.
      await settlePending(folder);
      tls = await openAgentTls({
        folder,
        settings: options.tls ?? { files: {}, leastVersion: '1.3' },
        clock,
        onProblem: (problem) => {
          if (problem !== undefined) onProblem(problem);
        },
      });
      // What `ship` runs as is another agent than the one that the configuration's certificate is for.
      const certified = options.once === true ? undefined : tls.identity?.agentId;
      const makeRoom = (): void => rmSync(join(folder, 'reserve'), { force: true });
      const identity = takeIdentity({ folder, nowMs: clock.now(), certified, makeRoom });
      if (certified !== undefined && certified !== identity.agentId) {
        logger.error(otherAgentRule, { certificate: certified, agentId: identity.agentId });
      }
      const failure = Promise.withResolvers<Error>();
      const onFailed = (error: Error): void => failure.resolve(error);
      const buffer = await openBuffer({
        folder,
        limits: options.buffer,
        clock,
        logger,
        onFailed,
        crashPoint,
        sourceMark: markAt,
      });
      agent = new Agent(options, { lock, identity, tls, buffer, failure });
      return agent;
    } catch (error) {
      await tls?.[Symbol.asyncDispose]();
      lock[Symbol.dispose]();
      throw error;
    }
  }

  /** Whose everything is that it sends, where its certificate says so. */
  get owner(): Ownership | undefined {
    const { identity, site } = this.tls;
    const isShown = this.#options.uplink.hubs.some((hub) => hub.startsWith('wss:'));
    return identity === undefined || !isShown ? undefined : { tenant: identity.tenant, labels: site?.labels ?? {} };
  }

  get renewal(): RenewalStatus | undefined {
    return this.#renewal?.status();
  }

  /** Tells when the buffer is full or has room again; called now and then. */
  observeBuffer(): void {
    const { state, unackedBytes, maxBytes } = this.buffer.status();
    this.events.bufferIs(state, { unackedBytes, maxBytes });
  }

  /** True until the site has told which streams it knows: no file is read before. What cannot be read again is taken all the same. */
  get waitsForSite(): boolean {
    return !this.#knowsStreams;
  }

  /** Resolves when files may be read. */
  async readable(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([this.#recovered.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Left to right; what cannot be done in time is done by the next start. */
  async stop(reason = 'done'): Promise<void> {
    const { logger, clock } = this.#options;
    // Before the inputs: it needs them for what it is about to do.
    await this.rotator[Symbol.asyncDispose]();
    await this.inputs.stop();
    this.events.stopped(reason);
    this.#platform?.close();
    try {
      const isStuck = this.uplink.status().state !== 'connected' && !this.buffer.hasRoom();
      await this.batcher.flush(AbortSignal.timeout(isStuck ? stuckFlushDeadlineMs : flushDeadlineMs));
    } catch (error) {
      logger.warn('not everything that was read could be stored: what can be read again is', { error });
      this.batcher.giveUp();
    }
    this.#tally.tell();
    const deadlineMs = clock.monotonic() + ackDeadlineMs;
    const isWaiting = (): boolean => this.uplink.status().state === 'connected' && this.buffer.status().unackedBatches > 0;
    while (isWaiting() && clock.monotonic() < deadlineMs) await clock.sleep(ackPollMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rotator[Symbol.asyncDispose]();
    await this.inputs.stop();
    this.#stopUplink.abort();
    await Promise.all([this.#uplinkDone, this.#platformDone, this.#certificatesDone]);
    const bufferClosed = this.buffer[Symbol.asyncDispose]();
    await this.batcher[Symbol.asyncDispose]();
    await bufferClosed;
    await this.tls[Symbol.asyncDispose]();
    this.#lock[Symbol.dispose]();
  }

  #createBatcher(onFailed: (error: unknown) => void): OverflowBatcher {
    const { clock, batch } = this.#options;
    const { buffer } = this;
    return new OverflowBatcher({
      clock,
      target: {
        append: (closed, overflow) => buffer.append(closed, overflow),
        hasRoom: (overflow) => buffer.hasRoom(overflow),
        ready: (overflow, signal) => buffer.ready(overflow, signal),
        onRoomChanged: (listener) => buffer.onRoomChanged(listener),
        drop: (dropped) => buffer.drop(dropped),
        endStream: (streamId) => this.#streamEnded(streamId),
      },
      onDropped: (dropped) => {
        this.counters.recordsSkipped += dropped.records;
        this.#tally.add(dropped);
      },
      stream: (streamId) => buffer.stream(streamId),
      limits: {
        batchBytesMax: batch.maxBytes,
        batchRecordsMax: batch.maxRecords,
        flushIntervalMs: batch.flushIntervalMs,
      },
      onFailed,
    });
  }

  #createUplink(): Uplink {
    const { uplink, clock, logger, facts, wantArchived = false, onPositioned, onAcked, onLost, batch } = this.#options;
    const { agentId, instanceId, bootId, startCounter } = this.identity;
    const counted = this.events.uplink;
    return new Uplink({
      ...uplink,
      secureContext: () => this.tls.secureContext(),
      clock,
      logger,
      wantArchived,
      buffer: uplinkBufferOf(this.buffer, (divergence, replacement) => {
        this.events.streamReplaced(divergence, replacement);
        this.#sinks.replaced(divergence.streamId, replacement);
      }),
      hello: { sender: 'agent', agentId, instanceId, bootId, startCounter, facts, capabilities: [] },
      createSession: (options) => new ClientSession(options),
      events: {
        ...counted,
        lost: (gap) => {
          counted.lost(gap);
          onLost?.(gap);
        },
        acked: (batches) => {
          counted.acked(batches);
          onAcked?.();
        },
        welcomed: (welcome) => {
          this.counters.connections += 1;
          this.events.hubFound(this.uplink.status().hub, welcome.siteId);
          this.batcher.setFlushInterval(Math.max(batch.flushIntervalMs, welcome.flushIntervalMsMin));
          for (const { streamId, position } of this.buffer.endedStreams()) this.uplink.closeStream(streamId, position);
        },
        disconnected: (end) => {
          this.events.hubLost(end);
          this.events.hubUnwanted(this.uplink.status().hub, end);
          this.batcher.setFlushInterval(Math.max(batch.flushIntervalMs, offlineFlushIntervalMs));
        },
        recovered: () => this.#streamsAreKnown(),
        positioned: (position) => onPositioned?.(position),
      },
    });
  }

  #createPlatform(): PlatformStream | undefined {
    const { platform, clock, facts } = this.#options;
    if (platform === undefined) return undefined;
    const { tenant, labels } = { ...platform, ...this.owner, labels: { ...this.owner?.labels, ...platform.labels } };
    const teller = { host: facts['host'] ?? '', agentId: this.identity.agentId, version: facts['version'] ?? '', labels };
    return new PlatformStream({ tenant, teller, clock, counters: this.counters.platform });
  }

  async #runPlatform(): Promise<void> {
    await this.#platform?.run(this.#sinks.create(), this.#stopUplink.signal);
  }

  /** A certificate that a company's own tools bring is theirs to renew. */
  async #followCertificates(): Promise<void> {
    const { folder, clock, uplink } = this.#options;
    const { tls, events } = this;
    const { signal } = this.#stopUplink;
    if (tls.identity === undefined) return;
    // Loaded only where there is a certificate.
    const { renewAgent } = await import('./enrolment/renew-agent.ts');
    const { Renewal: Renewing, watchExpiry } = await import('@tributary/protocol/enrolment/renewal.ts');
    const renewAt = renewAgent({ folder, tls, clock });
    const parts = { folder, tls, clock, events, proxy: uplink.proxy, hubs: () => this.#tlsHubs(), renewAt };
    this.#renewal = tls.source === 'enrolled' ? new Renewing(parts) : undefined;
    await Promise.all([this.#renewal?.run(signal), watchExpiry(parts, signal)]);
  }

  #tlsHubs(): readonly string[] {
    const { hub, hubs } = this.uplink.status();
    return [...new Set([hub, ...hubs.map((known) => known.hub)])].filter((one) => one.startsWith('wss:'));
  }

  /** Files may be read. Of a source that cannot be read again nothing more will come, if it was not ended when the process was. */
  #streamsAreKnown(): void {
    if (this.#knowsStreams) return;
    this.#knowsStreams = true;
    for (const stream of this.buffer.streams()) {
      if (cannotBeReadAgain(stream) && !this.buffer.wasOpenedHere(stream.streamId)) this.#streamEnded(stream.streamId);
    }
    this.#recovered.resolve();
  }

  #streamEnded(streamId: Id): void {
    this.buffer.endStream(streamId, (stream) => {
      if (stream.position > stream.start) this.uplink.closeStream(stream.streamId, stream.position);
    });
  }
}
