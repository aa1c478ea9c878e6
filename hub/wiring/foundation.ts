/** What all else stands on: the store with its queue and registry, what covers secrets before anything is stored, what the hub tells. */
import { prepareDataFolder } from '../data-folder.ts';
import { statusSocket } from '../hub-paths.ts';
import { Telling } from '../platform/telling.ts';
import { OwnBook, SiteBook } from '../quotas/quota-book.ts';
import { Quotas } from '../quotas/quotas.ts';
import { CurrentRedactions } from '../redaction/current-redactions.ts';
import { RedactionPool, redactionThreads, type Redactor } from '../redaction/redaction-pool.ts';
import type { Registry } from '../registry/registry.ts';
import { StatusDoor } from '../status/status-door.ts';
import type { HubStore, StoreAway } from '../store/hub-store.ts';
import { openHubStore } from '../store/open-store.ts';
import { redactionWorker } from '../workers.ts';
import type { HubFrame } from './hub-frame.ts';

export interface Foundation {
  /** Nothing is stored before the pipelines were read, which may have to redact it. */
  readonly redactions: CurrentRedactions;
  readonly redactor: Redactor;
  /** There from the first moment on, also while the store is waited for. */
  readonly door: StatusDoor;
  readonly store: HubStore;
  readonly registry: Registry;
  readonly telling: Telling;
  readonly quotas: Quotas;
}

export async function openFoundation(frame: HubFrame): Promise<Foundation> {
  const { options, logger } = frame.parts;
  prepareDataFolder(options);
  const redactions = new CurrentRedactions();
  const redactor = frame.use('redactor', new RedactionPool(redactionWorker, { redactions, size: redactionThreads, logger }));
  const { startedMs } = frame;
  const door = frame.use('door', await StatusDoor.open(statusSocket(options), { startedMs, siteName: options.site }));
  const store = frame.use('store', await openStore(frame, door));
  const registry = frame.use('registry', await store.openRegistry());
  const telling = frame.use('telling', await startTelling(frame, { store, registry, redactor }));
  redactor.tellTo(telling.findings);
  const quotas = await startQuotas(frame, { store, registry, telling });
  return { redactions, redactor, door, store, registry, telling, quotas };
}

async function openStore(frame: HubFrame, door: StatusDoor): Promise<HubStore> {
  const { options, logger, crashPoint } = frame.parts;
  const onFailed = (error: Error): void => frame.fail(error);
  const onWaiting = (away: StoreAway): void => door.waitsFor(away);
  const store = await openHubStore({ options, logger, clock: frame.clock, crashPoint, onFailed, onWaiting });
  door.waitsFor(undefined);
  return store;
}

function startTelling(
  frame: HubFrame,
  { store, registry, redactor }: Pick<Foundation, 'store' | 'registry' | 'redactor'>,
): Promise<Telling> {
  const { options, logger } = frame.parts;
  const { queue, cluster } = store;
  const onFailed = (error: unknown): void => frame.fail(error);
  return Telling.start({ options, queue, site: store, cluster, registry, redactor, logger, clock: frame.clock, onFailed });
}

async function startQuotas(
  frame: HubFrame,
  { store, registry, telling }: Pick<Foundation, 'store' | 'registry' | 'telling'>,
): Promise<Quotas> {
  const { options, logger } = frame.parts;
  const { hubId, quotaNotes } = store;
  const { findings, events } = telling;
  const book = quotaNotes === undefined ? new OwnBook(registry) : new SiteBook(quotaNotes, hubId);
  const parts = { quotas: options.quotas, book, findings, events, logger, clock: frame.clock, random: Math.random };
  const quotas = await Quotas.open(parts);
  frame.atStop('counted quotas', () => quotas.tick());
  frame.run('quotas', (signal) => quotas.run(signal));
  return quotas;
}
