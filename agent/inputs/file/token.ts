/**
 * What a file's identity carries in its token, beside the fields of its own: where the file is while it is not at a path that a glob
 * matches, when it was born, and how it is compressed. An empty token says nothing, one that begins with `/` is a path alone; tokens of
 * others (collapse.ts) say nothing here.
 */
import { tokenBytesMax } from '@tributary/protocol/limits.ts';
import type { SourceIdentity } from '@tributary/protocol/messages.ts';

export type Compression = 'gzip' | 'zstd';

export interface FileToken {
  /** Where the file was last, other than at `path` of its identity; ''. */
  readonly at: string;
  /** Where `path` of its identity leads, when that is a link; ''. */
  readonly link: string;
  /** Nanoseconds since 1970 at which the file system says it was born; '' where that is not known. */
  readonly birth: string;
  /** Positions are those of what the file holds, decompressed. */
  readonly compression: Compression | '';
}

const nothing: FileToken = { at: '', link: '', birth: '', compression: '' };

export function parseFileToken(token: string): FileToken {
  if (token.startsWith('/')) return { ...nothing, at: token };
  if (!token.startsWith('{')) return nothing;
  try {
    const { at, link, birth, compression }: Partial<Record<keyof FileToken, unknown>> = JSON.parse(token);
    return {
      at: typeof at === 'string' ? at : '',
      link: typeof link === 'string' ? link : '',
      birth: typeof birth === 'string' ? birth : '',
      compression: compression === 'gzip' || compression === 'zstd' ? compression : '',
    };
  } catch {
    return nothing;
  }
}

function tokenText(token: FileToken): string {
  const { at, birth } = token;
  const known = Object.fromEntries(Object.entries(token).filter(([, value]) => value !== ''));
  const text =
    Object.keys(known).length === 0 ? '' : known['at'] === at && Object.keys(known).length === 1 ? at : JSON.stringify(known);
  if (Buffer.byteLength(text) <= tokenBytesMax) return text;
  // A file that was renamed to so long a path is found again by its inode.
  return tokenText({ ...nothing, birth, compression: token.compression });
}

/** The identity with another token; what `change` does not name stays. */
export function withToken(identity: SourceIdentity, change: Partial<FileToken>): SourceIdentity {
  const token = tokenText({ ...parseFileToken(identity.token), ...change });
  return token === identity.token ? identity : { ...identity, token };
}

/** Where the file of this identity may be, the likeliest first. */
export function pathsOf({ path, token }: SourceIdentity): readonly string[] {
  const { at, link } = parseFileToken(token);
  return [...new Set([at, link, path])].filter((known) => known !== '');
}

/** The path the file has now, as far as it is known. */
export function currentPathOf(identity: SourceIdentity): string {
  const { at } = parseFileToken(identity.token);
  return at === '' ? identity.path : at;
}
