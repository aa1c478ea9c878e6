/**
 * The calls to an S3 API that the archive makes, each with what the options add to it. The client signs the SHA-256 of every body (Signature
 * Version 4), so that a server takes no body that was changed on its way; checksums of newer kinds are sent where the options say so, as
 * many servers that speak S3 refuse them. What fails in passing is tried again by the client, a few times.
 */
import { Agent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Readable } from 'node:stream';
import { rootCertificates } from 'node:tls';
import type * as Sdk from '@aws-sdk/client-s3';
import { attempts, connectMs, connectionsMax, idleMs } from './limits.ts';
import { explainedError } from './s3-error.ts';
import type { S3Spec } from './store-spec.ts';
import { throughProxy } from './through-proxy.ts';

type S3Sdk = typeof Sdk;

interface Loaded {
  readonly sdk: S3Sdk;
  readonly client: Sdk.S3Client;
}

/** Where an object is in the bucket. */
interface Place {
  readonly Bucket: string;
  readonly Key: string;
}

export interface UploadedPart {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
}

export interface ListedPage {
  readonly files: readonly { readonly key: string; readonly bytes: number; readonly modifiedMs: number }[];
  /** With a delimiter: what names go on after it. */
  readonly folders: readonly string[];
  readonly next: string | undefined;
}

export interface OpenUpload {
  readonly key: string;
  readonly id: string;
  readonly startedMs: number;
}

const metadataKey = 'tributary-sha256';

export class S3Client implements AsyncDisposable {
  readonly #spec: S3Spec;
  #loaded: Promise<Loaded> | undefined;
  readonly #stop = new AbortController();
  /** Of each call: who disposes of the client waits for no server. */
  readonly #terms = { abortSignal: this.#stop.signal };

  constructor(spec: S3Spec) {
    this.#spec = spec;
  }

  /** Undefined: there is none. */
  async get(key: string): Promise<Buffer | undefined> {
    return await this.#call(`read ${key}`, async ({ sdk, client }) => {
      const { Body } = await client.send(new sdk.GetObjectCommand(this.#at(key)), this.#terms);
      return Body === undefined ? Buffer.alloc(0) : Buffer.from(await Body.transformToByteArray());
    });
  }

  /** Fewer bytes where it ends before; undefined: there is none. */
  async getRange(key: string, offset: number, length: number): Promise<Buffer | undefined> {
    return await this.#call(`read ${key}`, async ({ sdk, client }) => {
      const Range = `bytes=${offset}-${offset + length - 1}`;
      const { Body } = await client.send(new sdk.GetObjectCommand({ ...this.#at(key), Range }), this.#terms);
      return Body === undefined ? Buffer.alloc(0) : Buffer.from(await Body.transformToByteArray());
    });
  }

  /** From end to end, in parts; false: there is none. */
  async stream(key: string, take: (bytes: Uint8Array) => void): Promise<boolean> {
    const found = await this.#call(`read ${key}`, async ({ sdk, client }) => {
      const { Body } = await client.send(new sdk.GetObjectCommand(this.#at(key)), this.#terms);
      if (!(Body instanceof Readable)) return true;
      const parts: AsyncIterable<unknown> = Body;
      for await (const part of parts) if (part instanceof Uint8Array) take(part);
      return true;
    });
    return found ?? false;
  }

  /** The checksum that it was uploaded with: empty where it has none, undefined where it is not there. */
  async storedChecksum(key: string): Promise<string | undefined> {
    return await this.#call(`look at ${key}`, async ({ sdk, client }) => {
      const { Metadata = {} } = await client.send(new sdk.HeadObjectCommand(this.#at(key)), this.#terms);
      return Metadata[metadataKey] ?? '';
    });
  }

  async put(key: string, body: Uint8Array, { sha256, ifNew = false }: PutTerms): Promise<'done' | 'there'> {
    return await this.#must(`write ${key}`, async ({ sdk, client }) => {
      try {
        const terms = {
          ...this.#encryption(),
          ...(ifNew && { IfNoneMatch: '*' }),
          ...(sha256 !== undefined && metadata(sha256)),
        };
        await client.send(
          new sdk.PutObjectCommand({ ...this.#at(key), ...terms, Body: body, ContentLength: body.length }),
          this.#terms,
        );
        return 'done';
      } catch (error) {
        if (ifNew && (nameOf(error) === 'PreconditionFailed' || nameOf(error) === 'ConditionalRequestConflict')) return 'there';
        // Of a server that knows no conditions the last one counts; whoever wrote it reads it again.
        if (ifNew && nameOf(error) === 'NotImplemented') return await this.put(key, body, sha256 === undefined ? {} : { sha256 });
        throw error;
      }
    });
  }

  async beginUpload(key: string): Promise<string> {
    return await this.#must(`write ${key}`, async ({ sdk, client }) => {
      const { UploadId } = await client.send(
        new sdk.CreateMultipartUploadCommand({ ...this.#at(key), ...this.#encryption() }),
        this.#terms,
      );
      if (UploadId === undefined) throw new Error('the server gave the upload no id');
      return UploadId;
    });
  }

  async uploadPart(key: string, upload: string, number: number, body: Uint8Array): Promise<UploadedPart> {
    return await this.#must(`write ${key}`, async ({ sdk, client }) => {
      const part = { UploadId: upload, PartNumber: number, Body: body, ContentLength: body.length };
      const { ETag } = await client.send(new sdk.UploadPartCommand({ ...this.#at(key), ...part }), this.#terms);
      return { PartNumber: number, ETag };
    });
  }

  async completeUpload(key: string, upload: string, parts: readonly UploadedPart[]): Promise<void> {
    await this.#must(`write ${key}`, async ({ sdk, client }) => {
      const MultipartUpload = { Parts: parts.map((part) => ({ ...part })) };
      await client.send(
        new sdk.CompleteMultipartUploadCommand({ ...this.#at(key), UploadId: upload, MultipartUpload }),
        this.#terms,
      );
    });
  }

  /** One that is not there any more is aborted. */
  async abortUpload(key: string, upload: string): Promise<void> {
    await this.#call(`abort the upload of ${key}`, async ({ sdk, client }) => {
      await client.send(new sdk.AbortMultipartUploadCommand({ ...this.#at(key), UploadId: upload }), this.#terms);
    });
  }

  async *openUploads(prefix: string): AsyncGenerator<OpenUpload, void, undefined> {
    const { bucket } = this.#spec;
    let from: Pick<Sdk.ListMultipartUploadsCommandInput, 'KeyMarker' | 'UploadIdMarker'> | undefined = {};
    while (from !== undefined) {
      const marker: typeof from = from;
      const page: Sdk.ListMultipartUploadsCommandOutput = await this.#must('list uploads', ({ sdk, client }) =>
        client.send(new sdk.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...marker }), this.#terms),
      );
      for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
        if (Key !== undefined && UploadId !== undefined)
          yield { key: Key, id: UploadId, startedMs: Initiated?.getTime() ?? Infinity };
      const { IsTruncated = false, NextKeyMarker, NextUploadIdMarker } = page;
      from =
        IsTruncated && NextKeyMarker !== undefined ? { KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker } : undefined;
    }
  }

  /** As it is, within the bucket. */
  async copy(from: string, to: string): Promise<void> {
    const { bucket } = this.#spec;
    await this.#call(`copy ${from}`, async ({ sdk, client }) => {
      const CopySource = encodeURIComponent(`${bucket}/${from}`).replaceAll('%2F', '/');
      await client.send(new sdk.CopyObjectCommand({ ...this.#at(to), ...this.#encryption(), CopySource }), this.#terms);
    });
  }

  async remove(key: string): Promise<void> {
    await this.#call(`remove ${key}`, async ({ sdk, client }) => {
      await client.send(new sdk.DeleteObjectCommand(this.#at(key)), this.#terms);
    });
  }

  async list(prefix: string, options: { readonly folders: boolean; readonly from: string | undefined }): Promise<ListedPage> {
    const { bucket } = this.#spec;
    return await this.#must(`list ${prefix}`, async ({ sdk, client }) => {
      const terms = {
        ...(options.folders && { Delimiter: '/' }),
        ...(options.from !== undefined && { ContinuationToken: options.from }),
      };
      const page = await client.send(new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...terms }), this.#terms);
      const files = (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified }) => ({
        key: Key,
        bytes: Size,
        modifiedMs: LastModified?.getTime() ?? 0,
      }));
      const folders = (page.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix);
      const next = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      // Taken for the whole, it would make an index without what is missing.
      if (page.IsTruncated === true && next === undefined) throw new Error('the server does not tell the rest of its list');
      return { files, folders, next };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const loaded = await this.#loaded?.catch(() => undefined);
    loaded?.client.destroy();
  }

  #at(key: string): Place {
    return { Bucket: this.#spec.bucket, Key: key };
  }

  #encryption(): Pick<Sdk.PutObjectCommandInput, 'ServerSideEncryption' | 'SSEKMSKeyId' | 'StorageClass'> {
    const { sse, kmsKey, storageClass } = this.#spec;
    return {
      ...(sse === 's3' && { ServerSideEncryption: 'AES256' as const }),
      ...(sse === 'kms' && { ServerSideEncryption: 'aws:kms' as const }),
      ...(sse === 'kms' && kmsKey !== undefined && { SSEKMSKeyId: kmsKey }),
      ...(storageClass !== undefined && isStorageClass(storageClass) && { StorageClass: storageClass }),
    };
  }

  async #must<Result>(what: string, call: (loaded: Loaded) => Promise<Result>): Promise<Result> {
    try {
      this.#loaded ??= this.#load();
      return await call(await this.#loaded);
    } catch (error) {
      throw explainedError(error, what, this.#spec);
    }
  }

  /** Undefined where the server says that it is not there. */
  async #call<Result>(what: string, call: (loaded: Loaded) => Promise<Result>): Promise<Result | undefined> {
    return await this.#must(what, async (loaded) => {
      try {
        return await call(loaded);
      } catch (error) {
        if (missingNames.has(nameOf(error))) return undefined;
        throw error;
      }
    });
  }

  async #load(): Promise<Loaded> {
    const sdk = await import('@aws-sdk/client-s3');
    const { endpoint, region, pathStyle, credentials, ca, checksums } = this.#spec;
    const mode = checksums === 'supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
    const pool = { keepAlive: true, maxSockets: connectionsMax };
    const httpsAgent = this.#proxied(new HttpsAgent({ ...pool, ...(ca !== undefined && { ca: [...rootCertificates, ca] }) }));
    const httpAgent = this.#proxied(new Agent(pool));
    const client = new sdk.S3Client({
      ...(endpoint !== undefined && { endpoint }),
      ...(region === undefined ? endpoint !== undefined && { region: 'us-east-1' } : { region }),
      ...(credentials !== undefined && { credentials }),
      forcePathStyle: pathStyle,
      maxAttempts: attempts,
      requestChecksumCalculation: mode,
      responseChecksumValidation: mode,
      requestHandler: {
        httpsAgent,
        httpAgent,
        connectionTimeout: connectMs,
        socketTimeout: idleMs,
      },
    });
    return { sdk, client };
  }

  #proxied<Given extends Agent>(agent: Given): Given {
    const { proxy } = this.#spec;
    return proxy === undefined ? agent : throughProxy(agent, proxy, this.#stop.signal);
  }
}

interface PutTerms {
  /** Told with it, and by `storedChecksum` afterwards. */
  readonly sha256?: string;
  readonly ifNew?: boolean;
}

/** What a HEAD is answered with has no text, and so no name of its own. A range that begins behind the end is not there. */
const missingNames: ReadonlySet<string> = new Set(['NoSuchKey', 'NotFound', 'NoSuchUpload', 'InvalidRange']);

/** Each server has names of its own: it says what it does not know. */
function isStorageClass(name: string): name is Sdk.StorageClass {
  return name !== '';
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

function metadata(sha256: string): { readonly Metadata: Record<string, string> } {
  return { Metadata: { [metadataKey]: sha256 } };
}
