/** What a bucket's server said, as a sentence for people: what was tried, where, and what to do. Never holds a credential. */
import { printable } from '@tributary/shared/printable.ts';
import type { S3Spec } from './store-spec.ts';

export class S3StoreError extends Error {
  override readonly name = 'S3StoreError';
  readonly code: string;

  constructor(message: string, code: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

const hints: Readonly<Record<string, string>> = {
  NoSuchBucket: 'make the bucket, or correct outputs.archive.s3.bucket',
  AccessDenied: 'let the key read, write, list and delete in it',
  Forbidden: 'let the key read, write, list and delete in it',
  InvalidAccessKeyId: 'correct access_key',
  XAdminUserNotFound: 'correct access_key',
  SignatureDoesNotMatch: 'correct secret_key, and see whether the clock is right',
  RequestTimeTooSkewed: 'set the clock of this machine',
  PermanentRedirect: 'correct region and endpoint',
  AuthorizationHeaderMalformed: 'correct region',
  CredentialsProviderError: 'give access_key and secret_key, or let the environment have them',
  PROXY: 'see to the proxy, or correct proxy',
  ECONNREFUSED: 'nothing answers at that address: correct endpoint, or start the server',
  ENOTFOUND: 'correct endpoint (a server without names for its buckets wants path_style: true)',
  EAI_AGAIN: 'correct endpoint (a server without names for its buckets wants path_style: true)',
  SELF_SIGNED_CERT_IN_CHAIN: 'name its authority as ca_file',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'name its certificate as ca_file',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'name its authority as ca_file',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'name its authority as ca_file',
};
const textMax = 300;

export function explainedError(error: unknown, what: string, spec: S3Spec): S3StoreError {
  if (error instanceof S3StoreError) return error;
  const { message, code } = wordsOf(error);
  const hint = hints[code];
  const at = spec.endpoint === undefined ? '' : ` at ${withoutUser(spec.endpoint)}`;
  const reason = printable(message).slice(0, textMax);
  return new S3StoreError(
    `cannot ${what} in the bucket ${spec.bucket}${at} (${reason})${hint === undefined ? '' : `: ${hint}`}`,
    code,
    error,
  );
}

function wordsOf(error: unknown): { readonly message: string; readonly code: string } {
  if (!(error instanceof Error)) return { message: String(error), code: 'UNKNOWN' };
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return wordsOf(error.errors[0]);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  const status = '$metadata' in error && isStatus(error.$metadata) ? ` ${error.$metadata.httpStatusCode}` : '';
  return { message: `${code}${status}${error.message === '' || error.message === code ? '' : `: ${error.message}`}`, code };
}

function isStatus(metadata: unknown): metadata is { readonly httpStatusCode: number } {
  return (
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata && metadata.httpStatusCode !== undefined
  );
}

function withoutUser(endpoint: string): string {
  const url = URL.parse(endpoint);
  return url === null ? endpoint : url.host;
}
