/**
 * An object on its way into a bucket. It is written into a file on the local disk, so that its checksum is known before its name is, and that
 * a try that fails begins with what is there. Whole parts go up while the rest is written; a small object goes in one piece at the end.
 * What counts is the manifest, which comes last: an object without one is passed over by whoever reads the archive without its index.
 *
 * A crash leaves parts that nobody sees: the sweep aborts their uploads. The local file goes with the next start.
 */
import { rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { assert } from '@tributary/shared/assert.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import type { Slots } from '../../../groups/slots.ts';
import { keptName, manifestName } from '../object-name.ts';
import type { ObjectDraft } from './archive-store.ts';
import { partsMax } from './limits.ts';
import type { S3Client, UploadedPart } from './s3-client.ts';

export interface S3DraftParts {
  readonly client: S3Client;
  /** Of all drafts together. */
  readonly slots: Slots;
  /** In the bucket. */
  readonly key: string;
  readonly path: string;
  readonly partBytes: number;
  /** Of what is in the bucket, read from end to end. */
  readonly checksum: (key: string) => Promise<string | undefined>;
}

export class S3Draft implements ObjectDraft {
  readonly path: string;
  readonly #parts: S3DraftParts;
  #upload: Promise<string> | undefined;
  readonly #given = Promise.withResolvers<never>();
  #isDiscarded = false;
  readonly #uploaded: Promise<UploadedPart>[] = [];
  /** Of the object when it is sealed. */
  #bytes = 0;

  constructor(parts: S3DraftParts) {
    this.#parts = parts;
    this.path = parts.path;
    // Told to whoever waits.
    this.#given.promise.catch(() => undefined);
  }

  grown(bytes: number): void {
    const { partBytes } = this.#parts;
    // The last part is sent by `seal`, which knows that it is the last one.
    while (bytes > (this.#uploaded.length + 1) * partBytes) this.#send(partBytes);
  }

  async seal(bytes: number): Promise<void> {
    const { partBytes } = this.#parts;
    this.#bytes = bytes;
    if (this.#uploaded.length === 0 && bytes <= partBytes) return;
    for (let rest = bytes - this.#uploaded.length * partBytes; rest > 0; rest -= partBytes) this.#send(Math.min(rest, partBytes));
    await this.#unlessDiscarded(Promise.all(this.#uploaded));
    crashPoint('hub.archive.parts-uploaded');
  }

  async publish(whole: { readonly sha256: string; readonly manifest: string }): Promise<void> {
    await this.#unlessDiscarded(this.#publish(whole));
  }

  /** Waits for no server: it may be the reason. What stays there is aborted by the sweep. */
  async discard(): Promise<void> {
    const { client, key } = this.#parts;
    this.#isDiscarded = true;
    this.#given.reject(givenUp());
    this.#removeFile();
    const upload = this.#upload;
    if (upload === undefined) return;
    const abort = async (): Promise<void> => {
      await Promise.allSettled(this.#uploaded);
      await client.abortUpload(key, await upload);
    };
    abort().catch(() => undefined);
  }

  async #publish({ sha256, manifest }: { readonly sha256: string; readonly manifest: string }): Promise<void> {
    const { client, key, slots } = this.#parts;
    crashPoint('hub.archive.before-rename');
    await this.#keepOther(sha256);
    this.#checkWanted();
    if (this.#upload === undefined) {
      await slots.run(async () => client.put(key, await this.#readPart(0, this.#bytes), { sha256 }));
    } else await client.completeUpload(key, await this.#upload, await Promise.all(this.#uploaded));
    crashPoint('hub.archive.uploaded');
    this.#checkWanted();
    await client.put(manifestName(key), Buffer.from(manifest), {});
    this.#removeFile();
  }

  #send(length: number): void {
    const { client, slots, key, partBytes } = this.#parts;
    const index = this.#uploaded.length;
    assert(index < partsMax, 'parts are large enough for the largest object');
    this.#upload ??= client.beginUpload(key);
    const upload = this.#upload;
    const uploaded = slots.run(async () => {
      const id = await upload;
      this.#checkWanted();
      return client.uploadPart(key, id, index + 1, await this.#readPart(index * partBytes, length));
    });
    // Told by `seal`.
    uploaded.catch(() => undefined);
    this.#uploaded.push(uploaded);
  }

  async #readPart(offset: number, length: number): Promise<Buffer> {
    await using file = await open(this.path, 'r');
    const bytes = Buffer.allocUnsafe(length);
    const { bytesRead } = await file.read(bytes, 0, length, offset);
    assert(bytesRead === length, 'what was written to the file is in it');
    return bytes;
  }

  async #keepOther(sha256: string): Promise<void> {
    const { client, key } = this.#parts;
    const other = await this.#otherChecksum();
    if (other === undefined || other === sha256) return;
    const kept = keptName(key, other);
    await client.copy(key, kept);
    await client.copy(manifestName(key), manifestName(kept));
    await client.remove(manifestName(key));
  }

  /** An upload in parts could not tell its checksum when it began: it is read. */
  async #otherChecksum(): Promise<string | undefined> {
    const { client, key } = this.#parts;
    const told = await client.storedChecksum(key);
    if (told !== '') return told;
    return await this.#parts.checksum(key);
  }

  #checkWanted(): void {
    if (this.#isDiscarded) throw givenUp();
  }

  async #unlessDiscarded<Result>(work: Promise<Result>): Promise<Result> {
    return await Promise.race([work, this.#given.promise]);
  }

  #removeFile(): void {
    rmSync(this.path, { force: true });
  }
}

function givenUp(): Error {
  return new Error('the object was given up');
}
