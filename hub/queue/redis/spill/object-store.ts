/**
 * Where bodies go that Redis has no memory for: a folder that all hubs of the site share (folder-store.ts), later an object store. The body
 * is put first and is durable; then the entry that names it is appended; when the entry was trimmed the object is deleted. What a crash
 * leaves in between is an object that no entry names: the sweep finds it (sweep-orphans.ts).
 */

/** Parts of `a-z`, `0-9`, `-` and `_` between slashes. */
export type ObjectName = string;

export interface StoredObject {
  readonly name: ObjectName;
  readonly bytes: number;
  readonly modifiedMs: number;
}

export interface ObjectStore {
  /** Drawn when the store was made: hubs that find different ones do not share it. */
  readonly id: string;
  /** Durable when it resolves. A name is written once; the same bytes again do no harm. */
  put(name: ObjectName, bytes: Uint8Array): Promise<void>;
  /** Undefined where there is none of this name. */
  get(name: ObjectName): Promise<Buffer | undefined>;
  /** One that is gone is deleted. */
  delete(name: ObjectName): Promise<void>;
  /** All of them, in no order. */
  list(): AsyncIterable<StoredObject>;
}

export class ObjectStoreError extends Error {
  override readonly name = 'ObjectStoreError';
  /** The system's, such as ENOSPC or ESTALE. */
  readonly code: string;
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  }
}
