/** One function per event of the archive: its line in the log and its count. */
import { isDiskFull } from '@tributary/shared/sqlite/open-database.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { ArchiveObject, TopicName } from '../../queue/queue.ts';
import { ArchiveSums } from './archive-sums.ts';

/** Since the start of the program. */
export interface ArchiveCounts {
  rejected: number;
  failures: number;
}

export interface ArchiveListeners {
  /** Told of each object once it is in the index. */
  readonly onObject?: (object: ArchiveObject) => void;
  /** What objects cannot be written for, whenever that changes; empty when all of them can be again. */
  readonly onTrouble?: (trouble: string) => void;
}

export class ArchiveEvents {
  readonly counts: ArchiveCounts = { rejected: 0, failures: 0 };
  readonly sums = new ArchiveSums();
  readonly #logger: Logger;
  readonly #onObject: (object: ArchiveObject) => void;
  readonly #onTrouble: (trouble: string) => void;
  readonly #failing = new Map<TopicName, string>();
  #withoutRow = 0;

  constructor(logger: Logger, { onObject, onTrouble }: ArchiveListeners = {}) {
    this.#logger = logger;
    this.#onObject = onObject ?? (() => undefined);
    this.#onTrouble = onTrouble ?? (() => undefined);
  }

  /** Of the topic that failed last. */
  get trouble(): string {
    return [...this.#failing.values()].at(-1) ?? '';
  }

  committed(object: ArchiveObject): void {
    this.sums.add(object);
    this.#onObject(object);
    const { name, records, rawBytes, objectBytes } = object;
    this.#logger.info('an archive object was written', { name, records, rawBytes, objectBytes });
  }

  /** The plan stays and runs again; meanwhile the queue holds what it covers. */
  failed(topic: TopicName, error: unknown, retryMs: number): void {
    this.counts.failures += 1;
    this.#failing.delete(topic);
    this.#failing.set(topic, error instanceof Error ? error.message : String(error));
    this.#onTrouble(this.trouble);
    const message = isDiskFull(error)
      ? 'the archive folder has no room; make room there, the queue holds the records meanwhile'
      : 'an archive object could not be written; the queue holds the records and it is tried again';
    this.#logger.error(message, { topic, error, retryMs });
  }

  /** What failed went well, or is another hub's now. */
  settled(topic: TopicName): void {
    if (this.#failing.delete(topic)) this.#onTrouble(this.trouble);
  }

  rejected(topic: TopicName, sequence: number, reason: string): void {
    this.counts.rejected += 1;
    this.#logger.error('a block cannot be archived and was kept as a dead letter', { topic, sequence, reason });
  }

  fenced(topic: TopicName): void {
    this.#logger.warn('another owner has this archive group now; its work is dropped', { topic });
  }

  restored(channel: string, partition: number, objects: number): void {
    this.#logger.warn('the store had lost rows of archive objects; they were put back from their manifests', {
      channel,
      partition,
      objects,
    });
  }

  damaged(name: string): void {
    this.#logger.error('an archive object without a row is not what its manifest says: it stays and is not searched', { name });
  }

  temporaryRemoved(files: number): void {
    if (files > 0) this.#logger.info('what was left of archive objects in the middle of their writing was removed', { files });
  }

  indexLost(first: string): void {
    const hint = 'tributary-hub archive reindex makes the index again';
    this.#logger.warn(`the archive holds objects, but its index is empty: they stay and are not searched; ${hint}`, { first });
  }

  /** Told again only when there are more or fewer of them. */
  withoutRow(names: readonly string[]): void {
    const isNews = names.length !== this.#withoutRow;
    this.#withoutRow = names.length;
    if (names.length === 0 || !isNews) return;
    this.#logger.warn('archive objects have no row in the index: they stay and are not searched', {
      objects: names.length,
      first: names[0],
    });
  }
}
