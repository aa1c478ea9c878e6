/** Functions are part of a master's data: a new one, or one that a slot came to, may lack them. */
import type { RedisConnection } from './connection.ts';
import { MasterError } from './masters.ts';
import { textOf } from './server-checks.ts';
import { hintOf, meaningOf, ServerRefusedError, ServerReplyError } from './server-reply.ts';

/** Redis Functions: `code` begins with `#!lua name=<name>`. Another code under the same name replaces it, so each version has its name. */
export interface FunctionLibrary {
  readonly name: string;
  readonly code: string;
}

export async function loadLibraries(
  connection: RedisConnection,
  libraries: readonly FunctionLibrary[],
  events: { libraryReplaced(where: string, name: string): void },
): Promise<void> {
  try {
    for (const { name, code } of libraries) {
      const found = await codeOf(connection, name);
      if (found === code) continue;
      await connection.send('FUNCTION', ['LOAD', 'REPLACE', code]);
      if (found !== undefined) events.libraryReplaced(connection.where, name);
    }
  } catch (error) {
    if (!(error instanceof ServerReplyError)) throw error;
    const hint = hintOf(error, connection.where);
    const { kind } = meaningOf(error);
    // As when a master has no replica yet: then loading is refused as all that is written.
    if (kind === 'again' || kind === 'not-master') throw new MasterError('UNAVAILABLE', hint, { cause: error });
    throw new ServerRefusedError('rights', hint);
  }
}

async function codeOf(connection: RedisConnection, name: string): Promise<string | undefined> {
  const listed = await connection.send('FUNCTION', ['LIST', 'LIBRARYNAME', name, 'WITHCODE']);
  const [library] = Array.isArray(listed) ? listed : [];
  if (!Array.isArray(library)) return undefined;
  const at = library.findIndex((part) => Buffer.isBuffer(part) && part.toString() === 'library_code');
  return at === -1 ? undefined : textOf(library[at + 1]);
}
