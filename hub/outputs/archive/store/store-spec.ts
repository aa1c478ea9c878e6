/** What a store is opened by, in any thread: plain values. */
export interface FolderSpec {
  readonly kind: 'folder';
  readonly folder: string;
  /** Name of a file that the hub made there at its start: a folder without it is none of ours to write into, as that of a disk that is not mounted. */
  readonly sign?: string;
}

export interface S3Spec {
  readonly kind: 's3';
  readonly bucket: string;
  /** Before every name; empty, or with a slash at its end. */
  readonly prefix: string;
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly pathStyle: boolean;
  /** Undefined: as the environment, the files of the AWS tools or the machine have them. */
  readonly credentials:
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }
    | undefined;
  readonly sse: 'none' | 's3' | 'kms';
  readonly kmsKey: string | undefined;
  readonly storageClass: string | undefined;
  readonly checksums: 'required' | 'supported';
  /** Authorities that its certificate may be of, beside the usual ones: PEM. */
  readonly ca: string | undefined;
  /** Address of an HTTP proxy that is asked for tunnels; may hold a name and a password. */
  readonly proxy: string | undefined;
  readonly partBytes: number;
  /** On the local disk: objects while they are written. */
  readonly spoolFolder: string;
  readonly cacheFolder: string;
  readonly cacheBytes: number;
}

export type StoreSpec = FolderSpec | S3Spec;

/** For people. */
export function placeOf(spec: StoreSpec): string {
  return spec.kind === 'folder' ? spec.folder : `s3://${spec.bucket}/${spec.prefix}`;
}
