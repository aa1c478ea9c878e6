/** A bucket of an S3 API as the archive's store. */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Slots } from '../../../groups/slots.ts';
import { isObjectName, isTemporaryName, temporaryName } from '../object-name.ts';
import type { ArchiveStore, FileRange, FolderNames, ObjectDraft, StoredFile } from './archive-store.ts';
import { FrameCache } from './frame-cache.ts';
import { partsAtOnceMax } from './limits.ts';
import { S3Client } from './s3-client.ts';
import { S3Draft } from './s3-draft.ts';
import { placeOf, type S3Spec } from './store-spec.ts';

export class S3Store implements ArchiveStore {
  readonly place: string;
  readonly #spec: S3Spec;
  readonly #client: S3Client;
  readonly #cache: FrameCache;
  readonly #slots = new Slots(partsAtOnceMax);

  constructor(spec: S3Spec) {
    this.#spec = spec;
    this.place = placeOf(spec);
    this.#client = new S3Client(spec);
    this.#cache = new FrameCache(spec.cacheFolder, spec.cacheBytes);
  }

  localPath(): undefined {
    return undefined;
  }

  draft(name: string): ObjectDraft {
    const { spoolFolder, partBytes } = this.#spec;
    mkdirSync(spoolFolder, { recursive: true, mode: 0o750 });
    return new S3Draft({
      client: this.#client,
      slots: this.#slots,
      key: this.#key(name),
      path: join(spoolFolder, temporaryName(name.replaceAll('/', '_'))),
      partBytes,
      checksum: (key) => this.#checksumOf(key),
    });
  }

  read(name: string): Promise<Buffer | undefined> {
    return this.#client.get(this.#key(name));
  }

  async readRange(name: string, range: FileRange): Promise<Buffer> {
    return await this.#cache.get({ ...range, name }, async () => {
      const { offset, length } = range;
      const bytes = length === 0 ? Buffer.alloc(0) : await this.#client.getRange(this.#key(name), offset, length);
      if (bytes === undefined) throw new Error(`it is not in ${this.place}, or ends before byte ${offset + length}`);
      if (bytes.length !== length) throw new Error(`the file ends before byte ${offset + length}`);
      return bytes;
    });
  }

  async write(name: string, text: string): Promise<void> {
    await this.#client.put(this.#key(name), Buffer.from(text), {});
  }

  async writeNew(name: string, text: string): Promise<boolean> {
    // A server that does not know the condition replaces what is there: it is looked at first.
    if ((await this.read(name)) !== undefined) return false;
    return (await this.#client.put(this.#key(name), Buffer.from(text), { ifNew: true })) === 'done';
  }

  remove(name: string): Promise<void> {
    return this.#client.remove(this.#key(name));
  }

  checksum(name: string): Promise<string | undefined> {
    return this.#checksumOf(this.#key(name));
  }

  async *list(folder: string): AsyncGenerator<StoredFile, void, undefined> {
    const prefix = this.#key(folder === '' ? '' : `${folder}/`);
    let from: string | undefined;
    do {
      const page = await this.#client.list(prefix, { folders: false, from });
      for (const { key, ...file } of page.files) yield { ...file, name: key.slice(this.#spec.prefix.length) };
      from = page.next;
    } while (from !== undefined);
  }

  async names(folder: string): Promise<FolderNames> {
    const prefix = this.#key(folder === '' ? '' : `${folder}/`);
    const names = { folders: [] as string[], files: [] as string[] };
    let from: string | undefined;
    do {
      const page = await this.#client.list(prefix, { folders: true, from });
      for (const inner of page.folders) names.folders.push(inner.slice(prefix.length, -1));
      for (const { key } of page.files) if (key !== prefix) names.files.push(key.slice(prefix.length));
      from = page.next;
    } while (from !== undefined);
    return names;
  }

  async removeLeftovers(beforeMs: number): Promise<number> {
    let removed = await this.#removeDrafts(beforeMs);
    for await (const { key, id, startedMs } of this.#client.openUploads(this.#spec.prefix)) {
      // Others may write to the bucket, too.
      if (startedMs >= beforeMs || !isObjectName(key)) continue;
      await this.#client.abortUpload(key, id);
      removed += 1;
    }
    return removed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cache.trim();
    await this.#client[Symbol.asyncDispose]();
  }

  async #removeDrafts(beforeMs: number): Promise<number> {
    const { spoolFolder } = this.#spec;
    let removed = 0;
    for (const file of await readdir(spoolFolder).catch(() => [])) {
      if (!isTemporaryName(basename(file))) continue;
      const path = join(spoolFolder, file);
      const found = await stat(path).catch(() => undefined);
      if (found === undefined || found.mtimeMs >= beforeMs) continue;
      await rm(path, { force: true });
      removed += 1;
    }
    return removed;
  }

  async #checksumOf(key: string): Promise<string | undefined> {
    const hash = createHash('sha256');
    const isThere = await this.#client.stream(key, (bytes) => hash.update(bytes));
    return isThere ? hash.digest('hex') : undefined;
  }

  #key(name: string): string {
    return `${this.#spec.prefix}${name}`;
  }
}
