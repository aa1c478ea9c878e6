/** The hub's part of `archive reindex`: rows that its index lacks. */
import type { Actor } from '../../../channels/channel-operations.ts';
import type { ArchiveObject, Queue } from '../../../queue/queue.ts';
import type { Registry } from '../../../registry/registry.ts';
import type { IndexAnswer } from './requests.ts';

export interface ReindexOperationsParts {
  readonly queue: Pick<Queue, 'addArchived'>;
  readonly registry: Pick<Registry, 'record'>;
}

export class ReindexOperations {
  readonly #parts: ReindexOperationsParts;

  constructor(parts: ReindexOperationsParts) {
    this.#parts = parts;
  }

  /** May be asked again: what is there stays. */
  async add({ objects }: { readonly objects: readonly ArchiveObject[] }, by: Actor): Promise<IndexAnswer> {
    const { queue, registry } = this.#parts;
    const added = await queue.addArchived(objects);
    const details = { objects: added, first: objects[0]?.name ?? '' };
    if (added > 0) await registry.record({ action: 'archive-reindexed', ...by, outcome: 'success', tenant: undefined, details });
    return { added };
  }
}
