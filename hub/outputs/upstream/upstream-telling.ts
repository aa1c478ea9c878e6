/** What happens between this site and its upstream: counted, told in the log, as events and as findings. */
import type { Logger } from '@tributary/shared/log.ts';
import type { FindingKind, Findings } from '../../health/findings.ts';
import type { HubEventSink } from '../../platform/hub-events.ts';
import type { KnownEntry } from './known-entry.ts';
import type { ActiveWay } from './upstream-pair.ts';

export interface UpstreamCounts {
  readonly batches: number;
  readonly records: number;
  readonly bytes: number;
  readonly acked: number;
  /** Kept as dead letters, as the upstream never takes them. */
  readonly rejected: number;
  /** Positions that were declared lost to the upstream, and those that its sister has. */
  readonly lost: number;
  readonly otherWay: number;
  readonly connections: number;
}

export interface UpstreamTellingParts {
  readonly name: string;
  readonly logger: Logger;
  readonly findings: Pick<Findings, 'put'>;
  readonly events: HubEventSink;
}

export class UpstreamTelling {
  readonly counts = { batches: 0, records: 0, bytes: 0, acked: 0, rejected: 0, lost: 0, otherWay: 0, connections: 0 };
  readonly #parts: UpstreamTellingParts;

  constructor(parts: UpstreamTellingParts) {
    this.#parts = parts;
  }

  rejected({ batch }: KnownEntry, reason: string): void {
    const { name, logger, events } = this.#parts;
    this.counts.rejected += 1;
    const fields = { output: name, channel: batch.channel, records: batch.records, reason };
    logger.error('the upstream never takes a batch: it is kept as a dead letter', fields);
    events.report({
      action: 'batch-not-forwarded',
      message: `The upstream ${name} never takes a batch of ${batch.channel}: it is kept as a dead letter (${reason})`,
      level: 'error',
      category: 'network',
      type: 'error',
      outcome: 'failure',
      fields: { error: { message: reason }, tributary: { output: name, channel: batch.channel, records: batch.records } },
    });
    this.#find('upstream-rejects', `the upstream ${name} never takes some batches; the last one: ${reason}`);
  }

  loop(upperSiteId: string): void {
    const { name } = this.#parts;
    const what = `records of site ${upperSiteId} come here, and the upstream ${name} is that very site`;
    this.#find('site-loop', `${what}: they are not sent back; let only one of the two sites forward to the other`);
  }

  lost(range: { readonly from: number; readonly to: number; readonly cause: string; readonly stream: string }): void {
    const fields = { output: this.#parts.name, ...range };
    if (range.cause === 'other-way') {
      this.counts.otherWay += range.to - range.from;
      this.#parts.logger.debug('a part of a stream went up by the other way', fields);
      return;
    }
    this.counts.lost += range.to - range.from;
    this.#parts.logger.warn('a part of a stream is lost to the upstream', fields);
  }

  /** This upstream stands in for another one, or does so no more. */
  turned(active: ActiveWay, primary: string): void {
    const { name, logger, events } = this.#parts;
    const isActive = active === 'standby';
    const message = isActive
      ? `The upstream ${primary} takes nothing: its standby ${name} is sent to`
      : `The upstream ${primary} can be reached again: its standby ${name} is quiet`;
    const fields = { output: isActive ? name : primary };
    if (isActive) logger.warn('the standby of an upstream is sent to', { ...fields, instead: primary });
    else logger.info('an upstream is sent to again, its standby is quiet', fields);
    events.report({
      action: 'upstream-turned',
      message,
      level: isActive ? 'warn' : 'info',
      category: 'network',
      type: 'change',
      fields: { tributary: fields },
    });
  }

  /** `trouble` is empty while there is a connection. */
  reach(trouble: string): void {
    if (trouble === '') return this.#clear('upstream-away');
    const what = `the upstream ${this.#parts.name} cannot be reached (${trouble}): what is for it waits here`;
    this.#find('upstream-away', `${what}; see whether its hubs run, and whether this one reaches them`);
  }

  /** The output is no more. */
  clear(): void {
    for (const kind of ['upstream-away', 'upstream-rejects', 'upstream-certificate', 'site-loop'] as const) this.#clear(kind);
  }

  #find(kind: FindingKind, reason: string): void {
    const { findings, name: subject } = this.#parts;
    findings.put({ kind, subject }, { level: kind === 'upstream-away' ? 'yellow' : 'red', reason });
  }

  #clear(kind: FindingKind): void {
    this.#parts.findings.put({ kind, subject: this.#parts.name }, undefined);
  }
}
