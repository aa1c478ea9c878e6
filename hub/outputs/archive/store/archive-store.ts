/**
 * Where archive objects, their manifests and a few small files are: a folder, or a bucket of an S3 API. Names are relative, with slashes, and the
 * same in both. The objects' index is no part of it: what a store holds beside an index row is what the index can be made again from.
 *
 * Nothing is ever half under its name: a file is there whole or not at all. What resolves is durable. Every method may be asked again as it
 * was, and rejects with what the disk or the server said; nothing is kept open between calls but connections, which disposing closes.
 */
export interface StoredFile {
  readonly name: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

export interface FolderNames {
  /** Names without the folder's, in no order. */
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

export interface FileRange {
  readonly offset: number;
  readonly length: number;
  /** Checksum of the whole file, where it is known: what was cached of another content under the same name is passed over. */
  readonly version?: string;
}

/** An object while it is written. One of `publish` and `discard` ends it, and `discard` may also follow a failed `publish`. */
export interface ObjectDraft {
  /** The local file to write its bytes to. */
  readonly path: string;
  /** So many bytes are in the file and stay as they are: what takes its time may begin with them. Never waits. */
  grown(bytes: number): void;
  /** All is written: its bytes are made durable, under no name yet, as far as that takes long. */
  seal(bytes: number): Promise<void>;
  /**
   * The object and then its manifest get their names. After a crash the same plan brings the same bytes again; other bytes that are
   * under the name are from before the hub's store was brought back from an older copy, which counts its entries again: they are kept under a
   * name of their own with their manifest, as nothing else may hold them any more.
   */
  publish(whole: { readonly sha256: string; readonly manifest: string }): Promise<void>;
  discard(): Promise<void>;
}

export interface ArchiveStore extends AsyncDisposable {
  /** For people. */
  readonly place: string;
  /** A file that a thread may read by itself, now; undefined where it has to be fetched. */
  localPath(name: string): string | undefined;
  draft(name: string): ObjectDraft;
  /** A small file, whole; undefined where there is none. */
  read(name: string): Promise<Buffer | undefined>;
  /** Rejects where the file is not there, or ends before. */
  readRange(name: string, range: FileRange): Promise<Buffer>;
  /** A small file; what was under the name is replaced. */
  write(name: string, text: string): Promise<void>;
  /** False where there is one already: it stays. */
  writeNew(name: string, text: string): Promise<boolean>;
  /** One that is not there is gone. */
  remove(name: string): Promise<void>;
  /** SHA-256 of what is there, read from end to end, in hexadecimal digits; undefined where there is none. */
  checksum(name: string): Promise<string | undefined>;
  /** Every file in a folder and all folders in it; of the whole store with `''`. One that is not there has nothing in it. */
  list(folder: string): AsyncIterable<StoredFile>;
  /** What is directly in a folder. */
  names(folder: string): Promise<FolderNames>;
  /** Removes what interrupted programs left in the middle of an object more than so long ago; resolves with how many. */
  removeLeftovers(beforeMs: number): Promise<number>;
}
