/**
 * The hub's part of `archive restore`: publishes blocks of documents that were made again of archived lines. Each row of an object goes
 * once into a log type by one text of a pipeline (restored-book.ts); what was archived under that very log type is there, so the archive
 * passes over it, and it may go again for the other outputs.
 */
import { hash, randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { checksumOf } from '@tributary/protocol/checksum.ts';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import type { Actor } from '../../../channels/channel-operations.ts';
import { OperationError } from '../../../channels/operation-error.ts';
import { BlockError, decodeBlock } from '../../../processing/block.ts';
import { backTopic, type NewEntry, type Queue } from '../../../queue/queue.ts';
import type { Registry } from '../../../registry/registry.ts';
import type { BeginAnswer, BeginRequest, LinesAnswer, LinesRequest, ObjectAnswer, ObjectRequest } from './requests.ts';
import type { ArchiveStore } from '../store/archive-store.ts';
import { type BookPlace, readRestored, writeRestored } from './restored-book.ts';
import { united, without } from './row-ranges.ts';

export interface RestoreOperationsParts {
  readonly queue: Pick<Queue, 'publish' | 'partitions'>;
  readonly registry: Pick<Registry, 'record'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly outputs: {
    /** Undefined: this hub has none. */
    readonly archive: { readonly store: Pick<ArchiveStore, 'read' | 'write'> } | undefined;
    /** The readers of what goes to a log type are there when it resolves. False: nobody reads it. */
    prepare(channel: ChannelName): Promise<boolean>;
  };
}

interface Session extends Pick<BeginRequest, 'tenant' | 'type' | 'into' | 'sha256'> {
  readonly id: string;
  readonly store: Pick<ArchiveStore, 'read' | 'write'>;
}

type SentBlock = LinesRequest['blocks'][number];

export class RestoreOperations {
  readonly #parts: RestoreOperationsParts;
  #session: Session | undefined;
  /** One request after the other: two would write one file. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: RestoreOperationsParts) {
    this.#parts = parts;
  }

  /** Whoever began before is told to stop. */
  async begin(request: BeginRequest, by: Actor): Promise<BeginAnswer> {
    const { registry, outputs } = this.#parts;
    const { tenant, type, into, pipeline, sha256, since, until, host } = request;
    const store = outputs.archive?.store;
    if (store === undefined) throw new OperationError('refused', 'this hub has no archive among its outputs');
    if (!(await outputs.prepare(`${tenant}/${into}`)))
      throw new OperationError('refused', `no output reads ${tenant}/${into}: what is restored into it would be lost`);
    const chosen = {
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
      ...(host !== undefined && { host }),
    };
    const details = { channel: `${tenant}/${type}`, into, pipeline, pipeline_sha256: sha256, ...chosen };
    await registry.record({ action: 'archive-restored', ...by, outcome: 'success', tenant, details });
    const id = randomBytes(16).toString('base64url');
    this.#session = { id, tenant, type, into, sha256, store };
    return { session: id };
  }

  async object({ session, object }: ObjectRequest): Promise<ObjectAnswer> {
    const now = this.#sessionOf(session, object);
    const { rows, pending } = await readRestored(now.store, { ...now, object });
    return { rows: rows.map(([from, to]) => [from, to]), pending: pending.map(([from, to]) => [from, to]) };
  }

  /** May be asked again as it was, whether or not it was done. */
  lines(request: LinesRequest): Promise<LinesAnswer> {
    const done = this.#last.then(() => this.#lines(request));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #lines({ session, object, rows, again, blocks }: LinesRequest): Promise<LinesAnswer> {
    const now = this.#sessionOf(session, object);
    const place: BookPlace = { ...now, object };
    for (const block of blocks) checkBlock(block, now);
    await this.#checkReaders(now, blocks);
    if (again) {
      if (now.into !== now.type || blocks.some(({ type }) => type !== now.into))
        throw new OperationError('refused', `what was restored before goes again only where it is archived, into ${now.type}`);
      return this.#publish(now, { object, rows, blocks });
    }
    const before = await readRestored(now.store, place);
    // Its answer was lost.
    if (without(rows, before.rows).length === 0) return { state: 'done' };
    const expected = before.pending.length > 0 ? before.pending : without(rows, before.rows);
    if (!isDeepStrictEqual(expected, rows))
      throw new OperationError('refused', `other rows of ${object} are restored by somebody else: run it again in a moment`);
    if (before.pending.length === 0) await writeRestored(now.store, place, { rows: before.rows, pending: rows });
    crashPoint('hub.restore.before-publish');
    const published = await this.#publish(now, { object, rows, blocks });
    if (published.state !== 'done') return published;
    crashPoint('hub.restore.after-publish');
    await writeRestored(now.store, place, { rows: united(before.rows, rows), pending: [] });
    return published;
  }

  /** Before anything of it is published. */
  async #checkReaders({ tenant }: Session, blocks: readonly SentBlock[]): Promise<void> {
    for (const type of new Set(blocks.map((block) => block.type))) {
      if (await this.#parts.outputs.prepare(`${tenant}/${type}`)) continue;
      const what = `the pipeline sends documents to ${tenant}/${type}, which no output reads: they would be lost`;
      throw new OperationError('refused', `${what}. Let an output read it, or the pipeline keep them`);
    }
  }

  async #publish(now: Session, { object, rows, blocks }: Pick<LinesRequest, 'object' | 'rows' | 'blocks'>): Promise<LinesAnswer> {
    const { queue } = this.#parts;
    // As the hubs of the site that archived it had it: one stream's documents stay in one partition.
    const partition = Number(/-(\d+)-\d+-\d+(-kept-\w+)?\.csv\.[\w.]+$/.exec(object)?.[1] ?? 0) % queue.partitions;
    for (const [index, block] of blocks.entries()) {
      const channel = `${now.tenant}/${block.type}`;
      // What the archive passes over may go as often as somebody wants it.
      const once = block.type === now.type ? now.id : '';
      const text = JSON.stringify([object, rows, now.into, now.sha256, index, block.type, once]);
      const key = `restore ${hash('sha256', text, 'base64url')}`;
      if ((await queue.publish(backTopic(channel), partition, this.#entryOf(block), key)) === 'full') return { state: 'full' };
    }
    return { state: 'done' };
  }

  /** Of no positions: those are of the streams that the lines came in by. */
  #entryOf({ body: text, inflatedBytes, records }: SentBlock): NewEntry {
    const body = new Uint8Array(Buffer.from(text, 'base64'));
    const createdMs = this.#parts.clock.now();
    return {
      format: 'block',
      records,
      inflatedBytes,
      segments: [],
      trims: [],
      createdMs,
      hops: [],
      checksum: checksumOf(body),
      body,
    };
  }

  #sessionOf(id: string, object: string): Session {
    const session = this.#session;
    if (session?.id !== id) {
      throw new OperationError(
        'unknown',
        'the hub was restarted, or somebody else began to restore: run it again, it goes on from there',
      );
    }
    if (!object.startsWith(`${session.tenant}/${session.type}/`)) {
      throw new OperationError('refused', `${object} is no object of ${session.tenant}/${session.type}`);
    }
    return session;
  }
}

function checkBlock({ type, body, inflatedBytes, records }: SentBlock, now: Session): void {
  try {
    const block = decodeBlock(Buffer.from(body, 'base64'), inflatedBytes);
    const isArchived = type === now.type;
    if (block.records === records && block.restored?.isArchived === isArchived) return;
  } catch (error) {
    if (!(error instanceof BlockError)) throw error;
    throw new OperationError('refused', `a block of documents cannot be read: ${error.message}`, { cause: error });
  }
  throw new OperationError('refused', 'a block of documents is not what the request says of it');
}
