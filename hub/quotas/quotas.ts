/**
 * How much each tenant, or one of its types, has brought in today (UTC), and what comes of it when that is more than it may. What is
 * taken counts at once, so that batches under way together cannot pass a quota that one of them uses up.
 *
 * - `warn`: told, at 80 % and when it is used up.
 * - `throttle`: beyond the quota so much passes as the quota gives a second; the rest waits where it is.
 * - `drop`: the first batch that does not fit any more ends the day for its quota: what comes until midnight is left out, and counted.
 *
 * The hubs of a site each have sums of their own, and all that is decided here is decided by those of the whole site as last heard
 * (quota-book.ts). What passes a second beyond a quota is shared by the hubs through which something does.
 *
 * Sums are stored every few seconds and at the stop; after a crash what came since the last time is not counted. Events of agents tell of
 * the trouble, so they have a share of their own on top; what exceeds it counts like all records, or a tenant would call its logs `platform`.
 * The hub's own events do not come by here.
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { platformType } from '@tributary/protocol/platform/document.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { Findings } from '../health/findings.ts';
import type { HubOptions } from '../options.ts';
import type { HubEventSink } from '../platform/hub-events.ts';
import { dayMs, platformBytesMin, platformShare, retryAfterMsMax, retryAfterMsMin, retrySpread, warnShare } from './limits.ts';
import type { BookPage, QuotaBook, SumsByKey } from './quota-book.ts';
import type { IncomingSize, QuotaGate, QuotaVerdict } from './quota-gate.ts';
import { dayOf, newSums, type QuotaSums, together } from './quota-sums.ts';

export type QuotaOptions = HubOptions['quotas'][number];

export interface QuotasParts {
  readonly quotas: readonly QuotaOptions[];
  readonly book: QuotaBook;
  readonly findings: Findings;
  readonly events: HubEventSink;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Between 0 and 1. */
  readonly random: () => number;
}

export interface QuotaStatus extends QuotaSums {
  readonly tenant: string;
  readonly type: string | undefined;
  readonly action: QuotaOptions['action'];
  readonly bytesPerDay: number;
  /** `full`: warns, throttles or drops now. */
  readonly state: 'open' | 'full';
}

interface Quota {
  readonly options: QuotaOptions;
  readonly key: string;
  /** What came by this hub. */
  sums: QuotaSums;
  /** What came by the other hubs of the site, as last heard. */
  others: Readonly<QuotaSums>;
  /** Through so many hubs, this one among them, something passes beyond the quota. */
  passing: number;
  /** Of `throttle`: when the next batch beyond the quota may pass, by the wall clock. */
  freeAtMs: number;
}

const channelsKeptMax = 10_000;

export class Quotas implements QuotaGate {
  readonly #parts: QuotasParts;
  #quotas: readonly Quota[];
  readonly #byChannel = new Map<ChannelName, readonly Quota[]>();
  #page: BookPage;
  #saveFailed = false;

  private constructor(parts: QuotasParts, page: BookPage) {
    this.#parts = parts;
    this.#page = page;
    const day = dayOf(parts.clock.now());
    this.#quotas = parts.quotas.map((options) => this.#opened(options, day));
  }

  /** With what was counted today already. Rejects when that cannot be read. */
  static async open(parts: QuotasParts): Promise<Quotas> {
    return new Quotas(parts, await parts.book.read(dayOf(parts.clock.now()), keysOf(parts.quotas)));
  }

  /** Other quotas from now on; one that is only larger or smaller keeps what came today. */
  async change(quotas: readonly QuotaOptions[]): Promise<void> {
    await this.tick();
    const day = dayOf(this.#parts.clock.now());
    // A store that is away now was heard of before; the next exchange brings what is new.
    this.#page = await this.#parts.book.read(day, keysOf(quotas)).catch(() => this.#page);
    const before = new Map(this.#quotas.map((quota) => [quota.key, quota]));
    this.#quotas = quotas.map((options) => {
      const known = before.get(keyOf(options, options.action));
      return known === undefined ? this.#opened(options, day) : { ...known, options, freeAtMs: 0 };
    });
    this.#byChannel.clear();
  }

  admit(channel: ChannelName, size: IncomingSize): QuotaVerdict {
    const nowMs = this.#parts.clock.now();
    const all = this.#of(channel, nowMs);
    const free = all.filter((quota) => isFree(quota, channel, size));
    const quotas = all.filter((quota) => !free.includes(quota));
    const beyond = quotas.filter((quota) => isUsedUp(quota) || bytesOf(quota) + size.bytes > quota.options.bytes_per_day);
    const dropping = beyond.filter(({ options }) => options.action === 'drop');
    for (const quota of dropping) {
      useUp(quota);
      this.#tell(quota);
    }
    const [first] = dropping;
    if (first !== undefined) return { kind: 'drop', hint: hintOf(first) };
    const waiting = beyond.find(({ options, freeAtMs }) => options.action === 'throttle' && freeAtMs > nowMs);
    if (waiting !== undefined) {
      waiting.sums.throttled += 1;
      this.#tell(waiting);
      return { kind: 'throttle', retryAfterMs: this.#retryAfterMs(waiting, nowMs), hint: hintOf(waiting) };
    }
    for (const quota of beyond) {
      useUp(quota);
      quota.freeAtMs = Math.max(quota.freeAtMs, nowMs) + costMs(quota, size);
    }
    for (const { sums } of free) sums.platformBytes += size.bytes;
    this.#count(quotas, size);
    return { kind: 'take' };
  }

  giveBack(channel: ChannelName, size: IncomingSize): void {
    for (const quota of this.#of(channel, this.#parts.clock.now())) {
      const { sums } = quota;
      if (isPlatform(channel) && sums.platformBytes >= size.bytes) sums.platformBytes -= size.bytes;
      else {
        sums.bytes = Math.max(0, sums.bytes - size.bytes);
        if (isUsedUp(quota)) quota.freeAtMs -= costMs(quota, size);
      }
    }
  }

  dropped(channel: ChannelName, { bytes, records }: IncomingSize): void {
    for (const quota of this.#of(channel, this.#parts.clock.now())) {
      if (quota.options.action !== 'drop' || !isUsedUp(quota)) continue;
      quota.sums.droppedBytes += bytes;
      quota.sums.droppedRecords += records;
      quota.sums.droppedBatches += 1;
    }
  }

  /** Of the site. */
  status(): QuotaStatus[] {
    this.#rollAll();
    return this.#quotas.map((quota) => {
      const { options } = quota;
      const sums = together(quota.sums.day, [quota.sums, quota.others]);
      const { tenant, type, action, bytes_per_day: bytesPerDay } = options;
      const isFull = isUsedUp(quota) || sums.bytes >= bytesPerDay;
      return { ...sums, tenant, type, action, bytesPerDay, state: isFull ? 'full' : 'open' };
    });
  }

  /** Stores sums and shows findings until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.tick();
      await this.#parts.clock.sleep(this.#parts.book.intervalMs, signal).catch(() => undefined);
    }
  }

  /** Also the last thing before the stop. */
  async tick(): Promise<void> {
    this.#rollAll();
    await this.#save();
    const told = this.#quotas.filter((quota) => bytesOf(quota) >= quota.options.bytes_per_day * warnShare && this.#tell(quota));
    // At once, so that no other hub tells the same.
    if (told.length > 0) await this.#save();
    this.#showFindings();
  }

  /** A changed limit goes on with what was counted, and so does another action: it is told anew. */
  #opened(options: QuotaOptions, day: number): Quota {
    const quota = { options, key: keyOf(options, options.action), freeAtMs: 0, passing: 1 };
    const others = together(
      day,
      this.#page.others.map((sums) => storedSums(sums, options, day)),
    );
    return { ...quota, sums: storedSums(this.#page.own, options, day), others };
  }

  #of(channel: ChannelName, nowMs: number): readonly Quota[] {
    let quotas = this.#byChannel.get(channel);
    if (quotas === undefined) {
      const [tenant, type] = channel.split('/');
      quotas = this.#quotas.filter(({ options }) => {
        return options.tenant === tenant && (options.type === undefined || options.type === type);
      });
      // Looked up before it is known whether the channel is taken at all: anybody with an agent may name any type.
      if (this.#byChannel.size >= channelsKeptMax) this.#byChannel.clear();
      this.#byChannel.set(channel, quotas);
    }
    const day = dayOf(nowMs);
    for (const quota of quotas) roll(quota, day);
    return quotas;
  }

  #rollAll(): void {
    const day = dayOf(this.#parts.clock.now());
    for (const quota of this.#quotas) roll(quota, day);
  }

  #count(quotas: readonly Quota[], size: IncomingSize): void {
    for (const quota of quotas) {
      quota.sums.bytes += size.bytes;
      if (bytesOf(quota) >= quota.options.bytes_per_day * warnShare) this.#tell(quota);
    }
  }

  #retryAfterMs({ freeAtMs }: Quota, nowMs: number): number {
    const toMidnight = dayMs - (nowMs % dayMs);
    const waitMs = Math.max(retryAfterMsMin, freeAtMs - nowMs) * (1 + retrySpread * this.#parts.random());
    return Math.ceil(Math.min(waitMs, retryAfterMsMax, toMidnight));
  }

  /** Once a day and quota at each of the two marks. True when it told something now. */
  #tell(quota: Quota): boolean {
    const { options, sums } = quota;
    const { tenant, type, action, bytes_per_day: limit } = options;
    const bytes = bytesOf(quota);
    const isFull = isUsedUp(quota) || bytes >= limit;
    const mark = isFull ? limit : Math.floor(limit * warnShare);
    if (Math.max(sums.toldBytes, quota.others.toldBytes) >= mark) return false;
    sums.toldBytes = mark;
    const message = isFull ? `a quota is used up: ${consequences[action]}` : 'four fifths of a quota are used';
    const facts = { tenant, type, bytes, bytes_per_day: limit, quota_action: action };
    this.#parts.logger.warn(message, { event: isFull ? 'quota-used-up' : 'quota-nearly-used', ...facts });
    this.#parts.events.report({
      action: isFull ? 'quota-used-up' : 'quota-nearly-used',
      message,
      level: 'warn',
      category: 'host',
      fields: { tributary: { quota: facts } },
    });
    if (isFull) this.#showFindings();
    return true;
  }

  #showFindings(): void {
    const full = this.status().filter(({ state }) => state === 'full');
    this.#parts.findings.set(
      'quota-exceeded',
      full.map(({ tenant, type = '*', action, bytesPerDay }) => ({
        kind: 'quota-exceeded',
        subject: `${tenant}/${type} ${action} ${bytesPerDay}`,
        level: action === 'drop' ? 'red' : 'yellow',
        reason: `${tenant}/${type} has used up its ${bytesPerDay} bytes of today (UTC): ${consequences[action]}; raise the quota or let it bring less`,
      })),
    );
  }

  async #save(): Promise<void> {
    if (this.#quotas.length === 0) return;
    const day = dayOf(this.#parts.clock.now());
    try {
      const others = await this.#parts.book.write(day, new Map(this.#quotas.map(({ key, sums }) => [key, sums])));
      for (const quota of this.#quotas) this.#heard(quota, others, day);
      this.#saveFailed = false;
    } catch (error) {
      if (!this.#saveFailed) this.#parts.logger.warn('the sums of quotas cannot be stored; it is tried again', { error });
      this.#saveFailed = true;
    }
  }

  #heard(quota: Quota, others: readonly SumsByKey[], day: number): void {
    const { options } = quota;
    const sums = others.map((hub) => storedSums(hub, options, day));
    quota.others = together(day, sums);
    quota.passing = 1 + sums.filter(({ usedUpBytes }) => usedUpBytes >= options.bytes_per_day).length;
  }
}

const consequences = {
  warn: 'everything is taken in all the same',
  throttle: 'no more is taken in than it gives a second',
  drop: 'what comes until midnight UTC is left out',
} as const;

function storedSums(stored: SumsByKey, options: QuotaOptions, day: number): QuotaSums {
  const all = actions.map((action) => stored.get(keyOf(options, action)));
  const own = all[actions.indexOf(options.action)] ?? newSums(day);
  return { ...own, bytes: Math.max(...all.map((sums) => sums?.bytes ?? 0)) };
}

function keysOf(quotas: readonly QuotaOptions[]): readonly string[] {
  return quotas.flatMap((options) => actions.map((action) => keyOf(options, action)));
}

const actions = ['warn', 'throttle', 'drop'] as const satisfies readonly QuotaOptions['action'][];

function keyOf({ tenant, type = '*' }: QuotaOptions, action: QuotaOptions['action']): string {
  return `quota ${tenant}/${type} ${action}`;
}

/** Of the site. */
function bytesOf({ sums, others }: Quota): number {
  return sums.bytes + others.bytes;
}

/** By any of its hubs. */
function isUsedUp({ sums, others, options }: Quota): boolean {
  return Math.max(sums.usedUpBytes, others.usedUpBytes) >= options.bytes_per_day;
}

function useUp({ sums, options }: Quota): void {
  sums.usedUpBytes = Math.max(sums.usedUpBytes, options.bytes_per_day);
}

function isPlatform(channel: ChannelName): boolean {
  return channel.endsWith(`/${platformType}`);
}

/** A quota that names the type means it. */
function isFree({ options, sums, others }: Quota, channel: ChannelName, { bytes }: IncomingSize): boolean {
  if (options.type !== undefined || !isPlatform(channel)) return false;
  return sums.platformBytes + others.platformBytes + bytes <= Math.max(platformBytesMin, options.bytes_per_day * platformShare);
}

function hintOf({ options }: Quota): string {
  const { tenant, type = '*', bytes_per_day: limit, action } = options;
  return `${tenant}/${type} has used up its quota of ${limit} bytes a day: ${consequences[action]}`;
}

/** How long this hub's part of the quota takes to give so many bytes. */
function costMs({ options, passing }: Quota, { bytes }: IncomingSize): number {
  return (bytes * dayMs * passing) / options.bytes_per_day;
}

function roll(quota: Quota, day: number): void {
  // A clock that was set back does not give a second day.
  if (quota.sums.day >= day) return;
  quota.sums = newSums(day);
  quota.others = newSums(day);
  quota.passing = 1;
  quota.freeAtMs = 0;
}
