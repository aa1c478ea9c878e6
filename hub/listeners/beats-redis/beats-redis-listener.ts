/** `listeners.beats_redis`: what the hub's wiring starts, asks for its status, and stops. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { printable } from '@tributary/shared/printable.ts';
import { beatsRedisName, type BeatsRedisOptions } from '../../config/beats-redis-options.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { running } from '../../groups/running.ts';
import type { Findings } from '../../health/findings.ts';
import type { HubOptions } from '../../options.ts';
import type { QuotaGate } from '../../quotas/quota-gate.ts';
import type { Redactor } from '../../redaction/redaction-pool.ts';
import type { SiteIds } from '../../store/hub-store.ts';
import { ListenerSet } from '../listener-set.ts';
import { ListenerStreams, type ListenerStreamsOptions } from '../listener-stream.ts';
import { BeatsChannelReader } from './beats-channel-reader.ts';
import { type BeatsCounts, BeatsIntake } from './beats-intake.ts';
import { BeatsListReader } from './beats-list-reader.ts';
import { RedisList } from './redis-list.ts';
import { redisOfBeats } from './redis-of-beats.ts';

export interface BeatsRedisParts {
  readonly queue: ListenerStreamsOptions['queue'];
  readonly site: SiteIds;
  readonly cluster: Pick<Cluster, 'members' | 'hubId'>;
  readonly quotas: QuotaGate;
  readonly redactor?: Redactor;
  readonly findings: Pick<Findings, 'put'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly noteBytes: (bytes: number) => void;
}

export interface BeatsRedisStatus extends BeatsCounts {
  /** Of the list or the channel. */
  readonly key: string;
  readonly datatype: BeatsRedisOptions['datatype'];
  readonly tenant: string;
  readonly state: 'connecting' | 'reading' | 'waiting';
  /** What is the matter, as a sentence; empty while nothing is. */
  readonly trouble: string;
  /** Too large for a batch: kept in a list of Redis' own. */
  readonly aside: number;
  /** Of a channel: for what there was no room. */
  readonly lost: number;
}

/** Those of the configuration. One that did not change goes on when it is read again. */
export class BeatsRedisListeners implements AsyncDisposable {
  readonly #set: ListenerSet<BeatsRedisOptions, BeatsRedisListener>;

  readonly #isIntake: boolean;

  private constructor(parts: BeatsRedisParts, isIntake: boolean) {
    this.#isIntake = isIntake;
    this.#set = new ListenerSet({
      start: async (options) => new BeatsRedisListener(options, parts),
      end: async () => undefined,
    });
  }

  /** Nothing is read where the hub only works. Redis is not waited for. */
  static async start(parts: BeatsRedisParts, options: Pick<HubOptions, 'listeners' | 'cluster'>): Promise<BeatsRedisListeners> {
    const listeners = new BeatsRedisListeners(parts, options.cluster.roles.includes('intake'));
    await listeners.change(options.listeners.beats_redis);
    return listeners;
  }

  /** What one had taken and not stored is taken first by the next one of the same list. */
  change(list: readonly BeatsRedisOptions[]): Promise<void> {
    const read = this.#isIntake ? list : [];
    return this.#set.change(new Map(read.map((options) => [beatsRedisName(options), options])));
  }

  status(): { readonly beats_redis?: readonly BeatsRedisStatus[] } {
    const all = this.#set.all.map((listener) => listener.status());
    return all.length === 0 ? {} : { beats_redis: all };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#set[Symbol.asyncDispose]();
  }
}

export class BeatsRedisListener implements AsyncDisposable {
  readonly #options: BeatsRedisOptions;
  readonly #parts: BeatsRedisParts;
  readonly #name: string;
  readonly #intake: BeatsIntake;
  readonly #redis: ReturnType<typeof redisOfBeats>;
  readonly #reading: AsyncDisposable;
  #state: BeatsRedisStatus['state'] = 'connecting';
  #trouble = '';
  #aside = 0;
  #lost = 0;

  constructor(options: BeatsRedisOptions, parts: BeatsRedisParts) {
    const { queue, site, quotas, redactor, clock, noteBytes } = parts;
    this.#options = options;
    this.#parts = parts;
    this.#name = beatsRedisName(options);
    const { siteId, hubId } = site;
    const listener = `beats-redis ${this.#name}`;
    const streams = new ListenerStreams({
      queue,
      siteId,
      hubId,
      listener,
      now: () => clock.now(),
      noteBytes,
      ...(redactor === undefined ? {} : { redactor }),
    });
    const { tenant, type: typeDefault, key } = options;
    this.#intake = new BeatsIntake({ streams, quotas, clock, tenant, typeDefault, source: `beats_redis ${printable(key)}` });
    this.#redis = redisOfBeats(options, clock);
    // The one before it of the same list may still store what it had taken: whoever comes second publishes it under the same key.
    this.#reading = running(
      (signal) => this.#reader().run(signal),
      (error) => this.#troubled(String(error)),
    );
  }

  status(): BeatsRedisStatus {
    const { key, datatype, tenant } = this.#options;
    const [state, trouble, aside, lost] = [this.#state, this.#trouble, this.#aside, this.#lost];
    return { key, datatype, tenant, state, trouble, ...this.#intake.counts, aside, lost };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reading[Symbol.asyncDispose]();
    await this.#redis[Symbol.asyncDispose]();
    for (const kind of ['beats-redis-away', 'beats-redis-aside'] as const) {
      this.#parts.findings.put({ kind, subject: this.#name }, undefined);
    }
  }

  #reader(): Pick<BeatsListReader, 'run'> {
    const { cluster, clock, site } = this.#parts;
    const intake = this.#intake;
    const connect = (signal: AbortSignal): ReturnType<ReturnType<typeof redisOfBeats>['connect']> => this.#redis.connect(signal);
    const trouble = (reason: string | undefined): void => this.#troubled(reason);
    const { key, datatype } = this.#options;
    if (datatype === 'channel') {
      const lost = (events: number): void => void (this.#lost += events);
      return new BeatsChannelReader({ channel: key, intake, connect, clock, events: { trouble, lost } });
    }
    const { siteId, hubId } = site;
    const list = new RedisList({ list: key, siteId, hubId, newMarker: randomUUID });
    const putAside = (events: number): void => this.#putAside(events, list.asideKey);
    const takenOver = (gone: string): void =>
      this.#parts.log.warn('what a hub that is gone had taken of a list of Beats is taken over', {
        list: this.#name,
        hub: gone,
      });
    return new BeatsListReader({ list, intake, connect, cluster, clock, events: { trouble, putAside, takenOver } });
  }

  /** Told once while it lasts. */
  #troubled(reason: string | undefined): void {
    const { findings, log } = this.#parts;
    const wasWell = this.#trouble === '';
    this.#trouble = reason === undefined ? '' : printable(reason);
    this.#state = reason === undefined ? 'reading' : 'waiting';
    if (reason !== undefined) {
      const level = 'yellow';
      const what = `events of Beats wait in Redis (${printable(this.#name)}): ${this.#trouble}`;
      findings.put({ kind: 'beats-redis-away', subject: this.#name }, { level, reason: what });
      if (wasWell) log.warn('a list of Beats cannot be read at the moment; it is tried again', { list: this.#name, reason });
    } else if (!wasWell) {
      findings.put({ kind: 'beats-redis-away', subject: this.#name }, undefined);
      log.info('a list of Beats is read again', { list: this.#name });
    }
  }

  #putAside(events: number, key: string): void {
    const { findings, log } = this.#parts;
    this.#aside += events;
    const reason = `${this.#aside} events of Beats were larger than any batch (4 MiB) and are kept in the list ${printable(key)}: look at them, and remove it`;
    findings.put({ kind: 'beats-redis-aside', subject: this.#name }, { level: 'yellow', reason });
    log.warn('events of Beats that are too large were put aside', { list: this.#name, events, key });
  }
}
