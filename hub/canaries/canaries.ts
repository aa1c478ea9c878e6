/**
 * Looks for the numbered records of agents where records end: in the objects of the archive, and in Elasticsearch, each apart. One hub of the site does. A store that
 * cannot be read wholly says nothing: what was found before stands.
 *
 * A look costs what is new, and one short time in which something is missing: it goes on from one such time to the next only as long as it finds something there,
 * so that all that is there is found soon and what is nowhere is looked for once a look.
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
import { type AgentCanaries, CanaryBook, type FoundCanary, type Look } from './canary-book.ts';
import { gapLooksMax, lookRecordsMax } from './limits.ts';

export type CanaryStore = Pick<SearchStore, 'name' | 'records'>;

export interface CanariesParts {
  readonly options: () => CanaryOptions;
  /** Without what only waits to get there. */
  readonly stores: () => readonly CanaryStore[];
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
  /** By store. */
  readonly #figures = new Map<string, readonly CanaryFigures[]>();

  constructor(parts: CanariesParts) {
    this.#parts = parts;
  }

  get figures(): readonly CanaryFigures[] {
    return [...this.#figures.values()].flat();
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
    for (const known of [this.#books, this.#figures]) for (const name of known.keys()) if (!names.has(name)) known.delete(name);
    for (const store of all) {
      try {
        await this.#lookAt(store, options, signal);
        this.#told.delete(store.name);
      } catch (error) {
        if (signal.aborted) return;
        if (!this.#told.has(store.name)) logger.warn('numbered records cannot be looked for', { store: store.name, error });
        this.#told.add(store.name);
      }
    }
    findings.set(
      'canary-missing',
      this.figures.flatMap((one) => findingOf(one, options)),
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
      this.#figures.clear();
      findings.set('canary-missing', []);
    }
  }

  #isNeeded({ enabled }: CanaryOptions): boolean {
    const { queue } = this.#parts;
    const start = backTopic('');
    return enabled && queue.topics().some((topic) => topic.startsWith(start) && channelOf(topic).endsWith(`/${canaryType}`));
  }

  async #lookAt(store: CanaryStore, { late: lateMs, forget: forgetMs }: CanaryOptions, signal: AbortSignal): Promise<void> {
    const { clock, isConnected } = this.#parts;
    const book = this.#books.getOrInsertComputed(store.name, () => new CanaryBook());
    const nowMs = clock.now();
    const timing = { lateMs, forgetMs };
    await read(store, { book, look: book.news(nowMs, timing) }, signal);
    for (let looks = 0; looks < gapLooksMax; looks += 1) {
      const look = book.gap(nowMs, timing);
      if (look === undefined || (await read(store, { book, look }, signal)) === 0) break;
    }
    this.#figures.set(
      store.name,
      book.judge(nowMs, timing, isConnected).map((one) => ({ ...one, store: store.name })),
    );
  }
}

/** How many were found that were not known. Each part of what the store finds is noted as it comes. */
async function read(
  store: CanaryStore,
  { book, look }: { readonly book: CanaryBook; readonly look: Look },
  signal: AbortSignal,
): Promise<number> {
  let news = 0;
  let lastMs: number | undefined;
  const records = store.records(wantedIn(look), { limit: lookRecordsMax }, signal);
  let step = await records.next();
  for (; step.done !== true; step = await records.next()) {
    if (!('records' in step.value)) continue;
    lastMs = step.value.records.at(-1)?.receivedMs ?? lastMs;
    news += book.take(step.value.records.flatMap(canaryOf), look);
  }
  const { problems, next } = step.value;
  signal.throwIfAborted();
  if (problems.length > 0) throw new Error(`not all could be read: ${problems.slice(0, 3).join('; ')}`);
  book.end(look, next === undefined ? undefined : lastMs);
  return news;
}

function wantedIn({ fromMs: sinceMs, untilMs }: Look): Wanted {
  const any = { tenants: undefined, hosts: undefined, pattern: undefined, condition: undefined };
  return { ...any, types: [canaryType], sinceMs, untilMs, query: '', ignoreCase: false, order: 'oldest' };
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
