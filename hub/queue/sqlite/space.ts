/**
 * The store on a full disk. States: `open`, and `no-space` from the first write that found no room until there is room again.
 *
 *   open ──(a write finds no room)──► no-space: the reserve is given up, the write-ahead log is put back to nothing
 *     ▲                                  │ every tick: passed entries go at once, free pages are given back to the file system
 *     └──(room for the reserve and more, and the reserve is taken)──┘
 *
 * Meanwhile intake is refused and everything that frees room is done with the room the reserve gave (invariant 7).
 */
import { statfsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { isDiskFull } from '@tributary/shared/sqlite/open-database.ts';
import type { ReserveFile } from '@tributary/shared/sqlite/reserve-file.ts';
import { integer, only } from '@tributary/shared/sqlite/row.ts';
import type { Store } from './store.ts';

/** Pages that one tick gives back. */
const vacuumPages = 256;
/** Free pages that stay in the file on a disk with room: they will be used again. */
const freePagesKept = 4096;

export interface SpaceParts {
  readonly db: DatabaseSync;
  readonly store: Store;
  readonly reserve: ReserveFile;
  readonly folder: string;
}

export class Space {
  readonly #parts: SpaceParts;

  /** Takes the reserve; a store without one starts in `no-space`. */
  constructor(parts: SpaceParts) {
    this.#parts = parts;
    parts.store.noSpace = !parts.reserve.take();
  }

  get reserveHeld(): boolean {
    return this.#parts.reserve.held;
  }

  enter(): void {
    const { store, reserve } = this.#parts;
    store.noSpace = true;
    reserve.giveUp();
    this.#whereRoomIs(() => this.#checkpoint());
  }

  /** Outside of any transaction. */
  tick(): void {
    this.#whereRoomIs(() => this.#giveBackPages());
    if (!this.#parts.store.noSpace) return;
    this.#whereRoomIs(() => this.#checkpoint());
    if (this.#freeBytes() < 2 * this.#parts.store.limits.reserveBytes) return;
    this.#parts.store.noSpace = !this.#parts.reserve.take();
  }

  #giveBackPages(): void {
    const { db, store } = this.#parts;
    const free = integer(only(db.prepare('PRAGMA freelist_count').get()), 'freelist_count');
    if (free > (store.noSpace ? 0 : freePagesKept)) db.exec(`PRAGMA incremental_vacuum(${vacuumPages})`);
  }

  #checkpoint(): void {
    this.#parts.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  #freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.#parts.folder);
    return bavail * bsize;
  }

  /** Work that only makes room may itself find none; the next tick tries again. */
  #whereRoomIs(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!isDiskFull(error)) throw error;
    }
  }
}
