/**
 * Brings the copy to where the site is, and the site back to where the copies are:
 *
 *   empty       → the store has nothing: what this copy has is put there. A site without any founds it
 *   master      → the store is another server than before: a new branch begins, and for a while nothing is added
 *   recovering  → whoever has more than the store puts it back; the others wait
 *   open        → entries after the own version are taken; where they are gone, the snapshot
 *
 * A copy with changes that the site has given up, or of another site, is never merged: it is refused with a sentence.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { StoreError } from '@tributary/shared/sqlite/open-database.ts';
import { MasterError } from '../../queue/redis/masters/masters.ts';
import { type Position, standing } from './position.ts';
import type { Replica } from './replica.ts';
import type { Entry, NotOpen, SiteLog } from './site-log.ts';
import { SnapshotError } from './snapshot.ts';

export interface FollowerParts {
  readonly replica: Replica;
  readonly log: SiteLog;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly logger: Logger;
  /** For sentences. */
  readonly file: string;
  /** A store that has nothing may be begun by a copy that has nothing of a site. */
  readonly mayFound: boolean;
}

const idBytes = 16;
const waitMsMax = 50;

export class Follower {
  readonly #parts: FollowerParts;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  /** Resolves when the copy has all that the site had when it was asked. Rejects with a MasterError, or a StoreError that is final. */
  async catchUp(untilMs: number): Promise<void> {
    const { replica, log, clock } = this.#parts;
    for (;;) {
      const own = replica.position();
      const answer = await log.read(own?.version ?? 0);
      if (answer.kind === 'open') {
        if (await this.#follow(own, answer.site, answer.entries)) return;
      } else await this.#mend(own, answer);
      if (clock.monotonic() > untilMs)
        throw new MasterError('UNAVAILABLE', 'the registry of the site is being put back: try again');
    }
  }

  /** True when nothing is left to take. */
  async #follow(own: Position | undefined, site: Position, entries: readonly Entry[]): Promise<boolean> {
    const { replica, log, logger, file } = this.#parts;
    const isNew = own === undefined || (own.branch === 0 && own.lineage !== site.lineage);
    if (isNew && !replica.isEmpty()) throw foreign(file);
    const stands = isNew ? 'behind' : standing(own, site);
    if (stands === 'foreign') throw foreign(file);
    if (stands === 'apart') throw apart(file);
    if (own?.version === site.version && own.branch === site.branch) return true;
    // What no replica has yet goes with its master: a copy that had taken it would be apart from the site for good.
    if (!(await log.confirm(site))) return false;
    if (isNew || (own.version < site.version && entries[0]?.version !== own.version + 1)) {
      await this.#takeSnapshot(site);
      return false;
    }
    const taken = this.#final(() => replica.take(entries, site));
    if (taken === 'different') {
      logger.warn('the copy of the registry is not what the site has; all of it is taken again', { file });
      await this.#takeSnapshot(site);
    }
    return replica.position()?.version === site.version;
  }

  async #mend(own: Position | undefined, store: NotOpen): Promise<void> {
    const { log, clock, file } = this.#parts;
    if (store.kind === 'master') return log.recover();
    if (store.kind === 'empty') return this.#putBack(own);
    if (own !== undefined && own.branch > 0 && own.lineage !== store.lineage) throw foreign(file);
    const from = store.branch - 1;
    const isAhead = own !== undefined && (own.branch > from || (own.branch === from && own.version > store.version));
    if (isAhead) return this.#putBack(own);
    await clock.sleep(Math.min(store.waitMs, waitMsMax));
  }

  async #putBack(own: Position | undefined): Promise<void> {
    const { replica, log, logger, mayFound, file } = this.#parts;
    if (own === undefined || own.branch === 0) {
      if (!mayFound && replica.isEmpty()) throw new StoreError('STORE_UNUSABLE', missing(file));
      // Written down first: killed in between, it is the same site that is begun again.
      const first = own ?? { lineage: randomBytes(idBytes).toString('hex'), branch: 0, version: 0, ends: new Map() };
      if (own === undefined) replica.found(first);
      return log.restore(first, replica.makeSnapshot().bytes, true);
    }
    const { at, bytes } = replica.makeSnapshot();
    if (at === undefined) return;
    logger.warn('Redis has lost changes of the registry; they are put back from the copy of this hub', { version: at.version });
    await log.restore(at, bytes, false);
  }

  async #takeSnapshot(site: Position): Promise<void> {
    const { replica, log } = this.#parts;
    const snapshot = await log.snapshot();
    if (snapshot.kind !== 'open' || snapshot.lineage !== site.lineage || snapshot.branch !== site.branch) return;
    this.#final(() => replica.takeSnapshot(snapshot.bytes, { ...site, version: snapshot.version }));
  }

  #final<Result>(body: () => Result): Result {
    try {
      return body();
    } catch (error) {
      if (error instanceof SnapshotError) throw new StoreError('STORE_TOO_NEW', error.message, { cause: error });
      throw error;
    }
  }
}

function foreign(file: string): StoreError {
  return new StoreError(
    'STORE_UNUSABLE',
    `${file} and the Redis of queue.redis are the registries of two sites, and are never mixed: ` +
      `name this site's own Redis (url, prefix), or move ${file} aside, with its -wal and -shm, to take the agents, tokens and users that Redis has`,
  );
}

function apart(file: string): StoreError {
  return new StoreError(
    'STORE_UNUSABLE',
    `${file} has changes that Redis lost while this hub was away, and the site has gone on without them: they are not mixed. ` +
      `Move ${file} aside, with its -wal and -shm, to go on with what the site has; then look whether whom you revoked last is still revoked`,
  );
}

function missing(file: string): string {
  return (
    `neither ${file} nor the Redis of queue.redis has the registry of this site, in which its agents, tokens and users are: ` +
    `start a hub of this site that has it first, or restore a backup of ${file}`
  );
}
