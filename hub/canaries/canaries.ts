/**
 * Looks for the numbered records of agents where records end: in the objects of the archive, and in Elasticsearch, each apart. One hub of the site does. A store that
 * cannot be read wholly says nothing: what was found before stands.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { printable } from '@tributary/shared/printable.ts';
import { canaryType, parseCanary } from '@tributary/protocol/platform/canary.ts';
import type { Cluster, HeldLock } from '../cluster/cluster.ts';
import type { CanaryOptions } from '../config/canary-options.ts';
import { pause } from '../groups/retry.ts';
import type { Finding, Findings } from '../health/findings.ts';
import { backTopic, channelOf, type Queue } from '../queue/queue.ts';
import type { FoundRecord } from '../dashboard/api/search-shapes.ts';
import type { SearchStore } from '../search/search-store.ts';
import type { Wanted } from '../search/wanted.ts';
import { type AgentCanaries, CanaryBook, type FoundCanary } from './canary-book.ts';
import { scanPage } from './limits.ts';

export interface CanariesParts {
  readonly options: () => CanaryOptions;
  /** Without what only waits to get there. */
  readonly stores: () => readonly SearchStore[];
  readonly queue: Pick<Queue, 'topics'>;
  readonly isConnected: (agentId: string) => boolean;
  readonly cluster: Pick<Cluster, 'underLock'>;
  readonly findings: Pick<Findings, 'set'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Of the last look, for metrics. */
export interface CanaryFigures extends AgentCanaries {
  readonly store: string;
}

export class Canaries {
  readonly #parts: CanariesParts;
  readonly #books = new Map<string, CanaryBook>();
  readonly #told = new Set<string>();
  #figures: readonly CanaryFigures[] = [];

  constructor(parts: CanariesParts) {
    this.#parts = parts;
  }

  get figures(): readonly CanaryFigures[] {
    return this.#figures;
  }

  /** Resolves when aborted. */
  run(signal: AbortSignal): Promise<void> {
    return this.#parts.cluster.underLock('canaries', signal, (lock, inner) => this.#keep(lock, inner));
  }

  /** One look at every store. */
  async look(signal: AbortSignal): Promise<void> {
    const { options: now, stores, findings, logger } = this.#parts;
    const options = now();
    const all = this.#isNeeded(options) ? stores() : [];
    const names = new Set(all.map(({ name }) => name));
    for (const name of this.#books.keys()) if (!names.has(name)) this.#books.delete(name);
    const figures: CanaryFigures[] = [];
    for (const store of all) {
      try {
        await this.#scan(store, options, signal);
        this.#told.delete(store.name);
      } catch (error) {
        if (signal.aborted) return;
        if (!this.#told.has(store.name)) logger.warn('numbered records cannot be looked for', { store: store.name, error });
        this.#told.add(store.name);
      }
      figures.push(...this.#judged(store.name, options));
    }
    this.#figures = figures;
    findings.set(
      'canary-missing',
      figures.flatMap((one) => findingOf(one, options)),
    );
  }

  async #keep(lock: HeldLock, signal: AbortSignal): Promise<void> {
    const { clock, options, findings } = this.#parts;
    try {
      while (!signal.aborted && (await lock.isHeld())) {
        await this.look(signal);
        await pause(clock, options().every, signal);
      }
    } finally {
      this.#books.clear();
      this.#figures = [];
      findings.set('canary-missing', []);
    }
  }

  #isNeeded({ enabled }: CanaryOptions): boolean {
    const { queue } = this.#parts;
    const start = backTopic('');
    return enabled && queue.topics().some((topic) => topic.startsWith(start) && channelOf(topic).endsWith(`/${canaryType}`));
  }

  async #scan(store: SearchStore, { late: lateMs, forget: forgetMs }: CanaryOptions, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const book = this.#books.getOrInsertComputed(store.name, () => new CanaryBook());
    const nowMs = clock.now();
    const sinceMs = book.sinceMs(nowMs, { lateMs, forgetMs });
    const found: FoundCanary[] = [];
    let after: string | undefined;
    do {
      const records = store.records(wantedSince(sinceMs), { limit: scanPage, after }, signal);
      let step = await records.next();
      for (; step.done !== true; step = await records.next()) {
        if ('records' in step.value) found.push(...step.value.records.flatMap(canaryOf));
      }
      const { problems, next } = step.value;
      if (problems.length > 0) throw new Error(`not all could be read: ${problems.slice(0, 3).join('; ')}`);
      after = next;
    } while (after !== undefined);
    book.take(found, { sinceMs, nowMs });
  }

  #judged(store: string, { late: lateMs, forget: forgetMs }: CanaryOptions): CanaryFigures[] {
    const { clock, isConnected } = this.#parts;
    const book = this.#books.get(store);
    return book === undefined ? [] : book.look(clock.now(), { lateMs, forgetMs }, isConnected).map((one) => ({ ...one, store }));
  }
}

function wantedSince(sinceMs: number): Wanted {
  const any = { tenants: undefined, hosts: undefined, untilMs: undefined, pattern: undefined, condition: undefined };
  return { ...any, types: [canaryType], sinceMs, query: '', ignoreCase: false, order: 'oldest' };
}

function canaryOf({ line, at, tenant, host, receivedMs }: FoundRecord): FoundCanary[] {
  const canary = parseCanary(line);
  return canary === undefined ? [] : [{ ...canary, agentId: at.agent, tenant, host, receivedMs }];
}

function findingOf({ agentId, host, store, unaccounted, missing, doubled }: CanaryFigures, { red }: CanaryOptions): Finding[] {
  if (unaccounted + doubled === 0) return [];
  const named = missing.length === 0 ? '' : ` (such as number ${missing.join(', ')})`;
  const absent = unaccounted === 0 ? [] : [`${unaccounted} of its numbered records are not there by now${named}`];
  const twice = doubled === 0 ? [] : [`${doubled} are there more than once`];
  const what = [...absent, ...twice].join(', and ');
  const reason = `${printable(host)}: in ${store} ${what}: see what holds up or drops its records, as its inputs and the channel canary tell`;
  return [{ kind: 'canary-missing', subject: `${agentId} ${store}`, level: unaccounted >= red ? 'red' : 'yellow', reason }];
}
