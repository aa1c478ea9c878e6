/** What the whole archive holds: read once from the index, then kept up with each object. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { ArchiveObject } from '../../queue/queue.ts';

export class ArchiveSums {
  objects = 0;
  records = 0;
  rawBytes = 0;
  objectBytes = 0;
  readonly #recordsOf = new Map<ChannelName, number>();

  add(object: ArchiveObject): void {
    this.objects += 1;
    this.records += object.records;
    this.rawBytes += object.rawBytes;
    this.objectBytes += object.objectBytes;
    this.#recordsOf.set(object.channel, this.recordsOf(object.channel) + object.records);
  }

  recordsOf(channel: ChannelName): number {
    return this.#recordsOf.get(channel) ?? 0;
  }
}
