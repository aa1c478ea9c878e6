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

export class ArchiveEvents {
  readonly counts: ArchiveCounts = { rejected: 0, failures: 0 };
  readonly sums = new ArchiveSums();
  readonly #logger: Logger;
  #withoutRow = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  committed(object: ArchiveObject): void {
    this.sums.add(object);
    const { name, records, rawBytes, objectBytes } = object;
    this.#logger.info('an archive object was written', { name, records, rawBytes, objectBytes });
  }

  /** The plan stays and runs again; meanwhile the queue holds what it covers. */
  failed(topic: TopicName, error: unknown, retryMs: number): void {
    this.counts.failures += 1;
    const message = isDiskFull(error)
      ? 'the archive folder has no room; make room there, the queue holds the records meanwhile'
      : 'an archive object could not be written; the queue holds the records and it is tried again';
    this.#logger.error(message, { topic, error, retryMs });
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
    if (files > 0) this.#logger.info('temporary files of an interrupted archive object were removed', { files });
  }

  indexLost(first: string): void {
    this.#logger.warn('the archive folder holds objects, but the index in hub.db is empty: they stay and are not searched', {
      first,
    });
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
