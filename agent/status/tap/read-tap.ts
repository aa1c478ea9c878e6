import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { SkippedRecords, TappedRecord } from './tapped-record.ts';

/** The agent does not answer the question. */
export class TapError extends Error {
  override readonly name = 'TapError';
  readonly code = 'TAP';
}

/** What the running agent pushes, until the signal or the agent ends it. `none` when no agent answers there. */
export async function readTap(
  { socketPath, query, signal }: { readonly socketPath: string; readonly query: URLSearchParams; readonly signal: AbortSignal },
  onLine: (line: string, told: TappedRecord | SkippedRecords) => void,
): Promise<'none' | 'over'> {
  const opened = Promise.withResolvers<IncomingMessage | undefined>();
  const http = process.getBuiltinModule('node:http');
  const call = http.request({ socketPath, path: `/tap?${query.toString()}`, agent: false }, opened.resolve);
  const stop = (): void => void call.destroy();
  signal.addEventListener('abort', stop, { once: true });
  call.on('error', (error) => {
    const isAbsent = 'code' in error && (error.code === 'ENOENT' || error.code === 'ECONNREFUSED');
    if (isAbsent || signal.aborted) opened.resolve(undefined);
    else opened.reject(error);
  });
  call.end();
  try {
    const response = await opened.promise;
    if (response === undefined) return 'none';
    if (response.statusCode !== 200) throw new TapError(await text(response));
    await readLines(response, onLine);
    return 'over';
  } finally {
    signal.removeEventListener('abort', stop);
    call.destroy();
  }
}

/** An end in the middle is one like any other: the agent stopped, or we did. */
async function readLines(
  response: IncomingMessage,
  onLine: (line: string, told: TappedRecord | SkippedRecords) => void,
): Promise<void> {
  try {
    for await (const line of createInterface({ input: response, crlfDelay: Infinity })) {
      if (line !== '') onLine(line, JSON.parse(line));
    }
  } catch (error) {
    if (!response.destroyed || !isConnectionEnd(error)) throw error;
  }
}

function isConnectionEnd(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}
