/** What the options of the archive come to: where it is, and the keys that its objects are encrypted with. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ArchiveOutputOptions, ArchiveS3Options } from '../../config/archive-options.ts';
import { OutputError } from '../output.ts';
import { type EncryptionSpec, keyBytes } from './frame-cipher.ts';
import { siteSign } from './site-sign.ts';
import type { ArchiveSpec } from './store/archive-spec.ts';
import type { S3Spec, StoreSpec } from './store/store-spec.ts';

type PlaceOptions = Pick<ArchiveOutputOptions, 'folder' | 's3'>;

/** Throws an OutputError where a file of a key or an authority cannot be used. */
export function archiveSpecOf(options: PlaceOptions & Pick<ArchiveOutputOptions, 'encryption'>, dataDir: string): ArchiveSpec {
  return { store: storeSpecOf(options, dataDir), encryption: encryptionOf(options.encryption) };
}

function storeSpecOf({ folder, s3 }: PlaceOptions, dataDir: string): StoreSpec {
  if (s3 !== undefined) return s3SpecOf(s3, dataDir);
  return folder === undefined ? { kind: 'folder', folder: join(dataDir, 'archive') } : { kind: 'folder', folder, sign: siteSign };
}

function s3SpecOf(s3: ArchiveS3Options, dataDir: string): S3Spec {
  const { access_key: accessKeyId, secret_key: secretAccessKey, session_token: sessionToken, endpoint } = s3;
  const keys = accessKeyId === undefined || secretAccessKey === undefined ? undefined : { accessKeyId, secretAccessKey };
  return {
    kind: 's3',
    bucket: s3.bucket,
    prefix: prefixOf(s3),
    endpoint,
    region: s3.region,
    pathStyle: s3.path_style ?? endpoint !== undefined,
    credentials: keys && { ...keys, ...(sessionToken !== undefined && { sessionToken }) },
    sse: s3.sse,
    kmsKey: s3.kms_key,
    storageClass: s3.storage_class,
    checksums: s3.checksums,
    ca: s3.ca_file === undefined ? undefined : textOf(s3.ca_file, 'outputs.archive.s3.ca_file'),
    proxy: s3.proxy,
    partBytes: s3.part_bytes,
    spoolFolder: join(dataDir, 'archive-spool'),
    cacheFolder: join(dataDir, 'archive-cache'),
    cacheBytes: s3.cache_bytes,
  };
}

function prefixOf({ prefix = '' }: Pick<ArchiveS3Options, 'prefix'>): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}

function encryptionOf(options: ArchiveOutputOptions['encryption']): EncryptionSpec | undefined {
  if (options === undefined) return undefined;
  const { key_file: file, old_key_files: oldFiles, new_objects: encrypts } = options;
  const keys = [
    keyOf(file, 'outputs.archive.encryption.key_file'),
    ...oldFiles.map((old) => keyOf(old, 'outputs.archive.encryption.old_key_files')),
  ];
  return { keys, encrypts };
}

/** In hexadecimal digits. */
function keyOf(file: string, option: string): string {
  const text = textOf(file, option).trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  const bytes = /^[A-Za-z0-9+/]{43}=$/.test(text) ? Buffer.from(text, 'base64') : undefined;
  if (bytes?.length === keyBytes) return bytes.toString('hex');
  throw new OutputError(
    `${option}: ${file} holds no key: it has to be 32 bytes as 64 hexadecimal digits or base64 (openssl rand -hex 32)`,
  );
}

function textOf(file: string, option: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutputError(`${option}: ${file} cannot be read (${reason})`, { cause });
  }
}
