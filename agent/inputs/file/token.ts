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
  /** Nanoseconds since 1970 at which the file system says it was born; '' where that is not known. */
  readonly birth: string;
  /** Positions are those of what the file holds, decompressed. */
  readonly compression: Compression | '';
}

const nothing: FileToken = { at: '', birth: '', compression: '' };

export function parseFileToken(token: string): FileToken {
  if (token.startsWith('/')) return { ...nothing, at: token };
  if (!token.startsWith('{')) return nothing;
  try {
    const { at, birth, compression }: Partial<Record<keyof FileToken, unknown>> = JSON.parse(token);
    return {
      at: typeof at === 'string' ? at : '',
      birth: typeof birth === 'string' ? birth : '',
      compression: compression === 'gzip' || compression === 'zstd' ? compression : '',
    };
  } catch {
    return nothing;
  }
}

function tokenText({ at, birth, compression }: FileToken): string {
  if (birth === '' && compression === '') return at;
  const known = {
    ...(at === '' ? {} : { at }),
    ...(birth === '' ? {} : { birth }),
    ...(compression === '' ? {} : { compression }),
  };
  const text = JSON.stringify(known);
  // A file that was renamed to so long a path is found again by its inode.
  return Buffer.byteLength(text) <= tokenBytesMax ? text : tokenText({ at: '', birth, compression });
}

/** The identity with another token; what `change` does not name stays. */
export function withToken(identity: SourceIdentity, change: Partial<FileToken>): SourceIdentity {
  const token = tokenText({ ...parseFileToken(identity.token), ...change });
  return token === identity.token ? identity : { ...identity, token };
}

/** The path the file has now, as far as it is known. */
export function currentPathOf(identity: SourceIdentity): string {
  const { at } = parseFileToken(identity.token);
  return at === '' ? identity.path : at;
}
