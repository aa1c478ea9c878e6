/** One question over HTTP, with limits on its answer's size and time. */
import { readFile } from 'node:fs/promises';
import { get as getPlain, type IncomingMessage } from 'node:http';
import { get as getSecure } from 'node:https';
import { answerBytesMax, answerWaitMs } from './limits.ts';
import type { MetadataOptions } from './options.ts';

export class AnswerError extends Error {
  override readonly name = 'AnswerError';
  readonly code = 'ANSWER';
  /** Of HTTP; undefined when there was no answer. */
  readonly status: number | undefined;

  constructor(message: string, status?: number, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

export async function getJson(url: URL, options: MetadataOptions, signal: AbortSignal): Promise<unknown> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answerWaitMs)]);
  try {
    const response = await ask(url, options, limit);
    const text = await textOf(response);
    const { statusCode = 0 } = response;
    if (statusCode !== 200) throw new AnswerError(`${url.origin} answered ${statusCode}${hintFor(statusCode)}`, statusCode);
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof AnswerError || signal.aborted) throw error;
    const reason = limit.aborted ? `no answer in ${answerWaitMs} ms` : error instanceof Error ? error.message : String(error);
    throw new AnswerError(`${url.origin} cannot be asked: ${reason}`, undefined, error);
  }
}

async function ask(url: URL, options: MetadataOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const isSecure = url.protocol === 'https:';
  const { token_file: tokenFile, ca_file: caFile, verify_tls: verify } = options;
  // Read for each question: both are replaced while they are used.
  const token = (await readFile(tokenFile, 'utf8')).trim();
  const ca = isSecure && verify ? await readFile(caFile) : undefined;
  const headers = { accept: 'application/json', authorization: `Bearer ${token}` };
  return await new Promise((resolve, reject) => {
    const common = { headers, signal, agent: false } as const;
    const request = isSecure
      ? getSecure(url, { ...common, rejectUnauthorized: verify, ...(ca === undefined ? {} : { ca }) }, resolve)
      : getPlain(url, common, resolve);
    request.on('error', reject);
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response) {
    const part: Buffer = piece;
    bytes += part.length;
    if (bytes > answerBytesMax) throw new Error(`the answer is longer than ${answerBytesMax} bytes`);
    pieces.push(part);
  }
  return Buffer.concat(pieces).toString();
}

function hintFor(status: number): string {
  if (status === 401) return ': it does not know the token';
  return status === 403 ? ': the account may not read pods (it needs get and list on pods, of the kubelet on nodes/proxy)' : '';
}
