/**
 * What the hub tells: its events, its findings and the audit trail. Opened as soon as queue and registry are there, before anything comes
 * in; closed after everything that has something to tell, and before the queue.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { idBytes } from '@tributary/protocol/limits.ts';
import { productVersion } from '@tributary/shared/build-info.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { running } from '../groups/running.ts';
import { FindingTimes } from '../health/finding-times.ts';
import { FindingsBook } from '../health/findings-book.ts';
import { plaintextListeners } from '../health/plaintext-listeners.ts';
import { ListenerStreams } from '../listeners/listener-stream.ts';
import { MetricBook } from '../metrics/metric-book.ts';
import { MetricEvents } from '../metrics/metric-events.ts';
import type { HubOptions } from '../options.ts';
import type { Outputs } from '../outputs/outputs.ts';
import type { Queue } from '../queue/queue.ts';
import type { Redactor } from '../redaction/redaction-pool.ts';
import { auditDroppedKey, type Registry } from '../registry/registry.ts';
import type { SiteIds } from '../store/hub-store.ts';
import { auditConfiguration } from './audit-configuration.ts';
import { AuditForwarder } from './audit-forwarder.ts';
import { DirectReporter, type DirectCounts } from './direct-reporter.ts';
import { tellDispatchers } from './dispatcher-health.ts';
import { EventStream } from './event-stream.ts';
import { type PlatformEventCounts, PlatformEvents } from './platform-events.ts';

export interface TellingParts {
  readonly options: HubOptions;
  readonly queue: Pick<Queue, 'publish' | 'partitionOf' | 'generationOf' | 'streamsOf' | 'closeStream' | 'status'>;
  readonly site: SiteIds;
  /** One hub at a time passes the audit trail on. */
  readonly cluster: Pick<Cluster, 'underLock'>;
  readonly registry: Registry;
  /** Events are records like any other. */
  readonly redactor: Redactor;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly onFailed: (error: unknown) => void;
}

/** Events of the hub itself since the start, and how many of the audit trail were passed on. */
export interface TellingCounts extends PlatformEventCounts {
  readonly audit: number;
  /** That found no room in the trail, and that the trail could not tell of yet. */
  readonly auditDropped: number;
  /** Where `platform_reporter` is `direct`: those written straight to Elasticsearch, and those that went by the topic in spite of it. */
  readonly reporter?: DirectCounts;
}

export class Telling implements AsyncDisposable {
  readonly events: PlatformEvents;
  readonly findings: FindingsBook;
  /** Since when findings stand, for whoever keeps it while the hub runs. */
  readonly times: FindingTimes;
  /** What pipelines count. */
  readonly metrics: MetricBook;
  readonly #registry: Registry;
  readonly #logger: Logger;
  readonly #forwarder: AuditForwarder;
  readonly #running: AsyncDisposable[];
  /** Undefined: by the topic. */
  readonly #direct: DirectReporter | undefined;
  readonly #tellDispatchers: (outputs: Outputs) => AsyncDisposable;

  private constructor(parts: TellingParts, times: FindingTimes) {
    const { options, queue, registry, redactor, logger, clock } = parts;
    const { siteId, hubId } = parts.site;
    const host = hostname();
    const common = { queue, siteId, redactor, now: () => clock.now() };
    const streams = new ListenerStreams({ ...common, hubId, listener: 'platform' });
    // The trail is the site's: the same event has the same partition whichever hub passes it on, so its key is known there.
    const trail = new ListenerStreams({ ...common, hubId: siteId, listener: 'audit' });
    const target = { tenant: options.platform_tenant, host };
    const version = productVersion();
    const teller = { host, agentId: hubId, version, labels: {}, type: 'tributary-hub', site: options.site } as const;
    this.#registry = registry;
    this.#logger = logger;
    const reporter = (source: string): Pick<EventStream, 'publish'> => new EventStream(streams, { ...target, source });
    const isDirect = options.platform_reporter === 'direct';
    this.#direct = isDirect ? new DirectReporter({ ...target, topic: reporter('hub'), clock }) : undefined;
    const ways = { stream: this.#direct ?? reporter('hub'), ...(isDirect ? { newId } : {}) };
    this.events = new PlatformEvents({ ...ways, teller, clock, logger });
    this.times = times;
    this.findings = new FindingsBook({ clock, events: this.events, logger, before: times });
    this.metrics = new MetricBook({
      refused: (metric, reason) => logger.warn('a metric of a pipeline is not counted', { metric, reason }),
    });
    const measuring = new MetricEvents({ book: this.metrics, stream: reporter('metrics'), teller, clock });
    const stream = new EventStream(trail, { ...target, source: 'audit' });
    this.#forwarder = new AuditForwarder({ registry, stream, teller, clock, logger });
    this.#tellDispatchers = (outputs) => {
      const told = { dispatchers: () => outputs.dispatchers, queue, teller, tenant: target.tenant, clock };
      return running((signal) => tellDispatchers(told, signal), parts.onFailed);
    };
    this.#running = [
      running(
        (signal) => parts.cluster.underLock('audit', signal, (lock, held) => this.#forwarder.run(lock, held)),
        parts.onFailed,
      ),
      running((signal) => this.findings.run(signal), parts.onFailed),
      running((signal) => measuring.run(signal), parts.onFailed),
    ];
  }

  static async start(parts: TellingParts): Promise<Telling> {
    const { registry, options } = parts;
    const { clock, logger } = parts;
    const times = await FindingTimes.open({ dataDir: options.data_dir, clock, logger });
    const telling = new Telling(parts, times);
    await telling.#record('hub-started', { version: productVersion(), pid: process.pid });
    await auditConfiguration(registry, options, parts.site.hubId).catch((error: unknown) => telling.#notRecorded(error));
    telling.findings.set('plaintext-listener', plaintextListeners(options));
    return telling;
  }

  /** The outputs are there: events may go straight to them, and how their dispatchers are is told. */
  reportTo(outputs: Outputs): void {
    this.#direct?.writeTo(() => outputs.dispatchers.map(({ writer }) => writer));
    this.#running.push(this.#tellDispatchers(outputs));
  }

  get counts(): TellingCounts {
    const auditDropped = Number(this.#registry.meta(auditDroppedKey) ?? 0);
    const reporter = this.#direct === undefined ? {} : { reporter: this.#direct.counts };
    return { ...this.events.counts, audit: this.#forwarder.passedOn, auditDropped, ...reporter };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#record('hub-stopped', { pid: process.pid });
    for (const part of this.#running) await part[Symbol.asyncDispose]();
    await this.events[Symbol.asyncDispose]();
  }

  /** A registry that cannot be written does not keep the hub from taking logs in. */
  async #record(action: 'hub-started' | 'hub-stopped', details: Readonly<Record<string, string | number>>): Promise<void> {
    const audit = { action, actor: 'hub', address: '', outcome: 'success', tenant: undefined, details } as const;
    await this.#registry.record(audit).catch((error: unknown) => this.#notRecorded(error));
  }

  #notRecorded(error: unknown): void {
    this.#logger.warn('the audit trail cannot be written', { error });
  }
}

function newId(): string {
  return randomBytes(idBytes).toString('hex');
}
