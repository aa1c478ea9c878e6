/**
 * What the hub tells: its events, its findings and the audit trail. Opened as soon as queue and registry are there, before anything comes
 * in; closed after everything that has something to tell, and before the queue.
 */
import { hostname } from 'node:os';
import { productVersion } from '@tributary/shared/build-info.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { running } from '../groups/running.ts';
import { FindingsBook } from '../health/findings-book.ts';
import { plaintextListeners } from '../health/plaintext-listeners.ts';
import { ListenerStreams } from '../listeners/listener-stream.ts';
import type { HubOptions } from '../options.ts';
import type { Queue } from '../queue/queue.ts';
import { auditDroppedKey, type Registry } from '../registry/registry.ts';
import type { SiteIds } from '../store/hub-store.ts';
import { auditConfiguration } from './audit-configuration.ts';
import { AuditForwarder } from './audit-forwarder.ts';
import { EventStream } from './event-stream.ts';
import { type PlatformEventCounts, PlatformEvents } from './platform-events.ts';

export interface TellingParts {
  readonly options: HubOptions;
  readonly queue: Pick<Queue, 'publish' | 'partitionOf' | 'generationOf'>;
  readonly site: SiteIds;
  /** One hub at a time passes the audit trail on. */
  readonly cluster: Pick<Cluster, 'underLock'>;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly onFailed: (error: unknown) => void;
}

/** Events of the hub itself since the start, and how many of the audit trail were passed on. */
export interface TellingCounts extends PlatformEventCounts {
  readonly audit: number;
  /** That found no room in the trail, and that the trail could not tell of yet. */
  readonly auditDropped: number;
}

export class Telling implements AsyncDisposable {
  readonly events: PlatformEvents;
  readonly findings: FindingsBook;
  readonly #registry: Registry;
  readonly #logger: Logger;
  readonly #forwarder: AuditForwarder;
  readonly #running: AsyncDisposable[];

  private constructor(parts: TellingParts) {
    const { options, queue, registry, logger, clock } = parts;
    const { siteId, hubId } = parts.site;
    const host = hostname();
    const streams = new ListenerStreams({ queue, siteId, hubId, listener: 'platform', now: () => clock.now() });
    // The trail is the site's: the same event has the same partition whichever hub passes it on, so its key is known there.
    const trail = new ListenerStreams({ queue, siteId, hubId: siteId, listener: 'audit', now: () => clock.now() });
    const target = { tenant: options.platform_tenant, host };
    const version = productVersion();
    const teller = { host, agentId: hubId, version, labels: {}, type: 'tributary-hub', site: options.site } as const;
    this.#registry = registry;
    this.#logger = logger;
    this.events = new PlatformEvents({ stream: new EventStream(streams, { ...target, source: 'hub' }), teller, clock, logger });
    this.findings = new FindingsBook({ clock, events: this.events, logger });
    const stream = new EventStream(trail, { ...target, source: 'audit' });
    this.#forwarder = new AuditForwarder({ registry, stream, teller, clock, logger });
    this.#running = [
      running((signal) => parts.cluster.underLock('audit', signal, (_, held) => this.#forwarder.run(held)), parts.onFailed),
      running((signal) => this.findings.run(signal), parts.onFailed),
    ];
  }

  static async start(parts: TellingParts): Promise<Telling> {
    const { registry, options } = parts;
    const telling = new Telling(parts);
    await telling.#record('hub-started', { version: productVersion(), pid: process.pid });
    await auditConfiguration(registry, options, parts.site.hubId).catch((error: unknown) => telling.#notRecorded(error));
    telling.findings.set('plaintext-listener', plaintextListeners(options));
    return telling;
  }

  get counts(): TellingCounts {
    const auditDropped = Number(this.#registry.meta(auditDroppedKey) ?? 0);
    return { ...this.events.counts, audit: this.#forwarder.passedOn, auditDropped };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#record('hub-stopped', { pid: process.pid });
    for (const part of this.#running) await part[Symbol.asyncDispose]();
    await this.#forwarder.finish();
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
