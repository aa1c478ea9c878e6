/**
 * A request to a server that somebody configured. Any status from 200 to 299 is its yes; redirects are not followed. Where it is sent and with which headers is likely
 * secret, and servers repeat it: what they answer is told without it.
 */
import { readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { getCACertificates } from 'node:tls';
import { productVersion } from '@tributary/shared/build-info.ts';
import type { HttpTarget } from '../../config/alert-options.ts';
import { throughProxy } from '../../outputs/archive/store/through-proxy.ts';
import { answerBytesMax } from '../limits.ts';
import { RefusedError } from './refused-error.ts';

export interface HttpCall {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** By what the message is, not by who may send it or where to. */
const refusals = new Set([400, 413, 422]);

/** Resolves when the server said yes. Rejects with a sentence why not, with a RefusedError where it is for what was sent, and when aborted. */
export async function callHttp(
  target: HttpTarget,
  { method, headers, body }: HttpCall,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const ended = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const url = new URL(target.url);
  const isSecure = url.protocol === 'https:';
  const plain = isSecure ? new SecureAgent(authorities(target.ca)) : new Agent();
  const agent = target.proxy === undefined ? plain : throughProxy(plain, target.proxy, ended);
  const sentHeaders = { ...target.headers, ...headers, 'user-agent': `tributary-hub/${productVersion()}` };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  try {
    const sent = (isSecure ? secureRequest : request)(url, { method, agent, signal: ended, headers: sentHeaders });
    sent.on('response', resolve);
    sent.on('error', reject);
    sent.end(body);
    const answer = await promise;
    const text = await readAnswer(answer);
    const { statusCode = 0 } = answer;
    if (statusCode >= 200 && statusCode <= 299) return;
    const why = `it answered ${statusCode}${text === '' ? '' : `: ${withoutSecrets(text, target)}`}`;
    throw refusals.has(statusCode) ? new RefusedError(why) : new Error(why);
  } catch (error) {
    if (ended.aborted && !signal.aborted) throw new Error(`no answer within ${timeoutMs / 1000} s`, { cause: error });
    throw error;
  } finally {
    agent.destroy();
  }
}

function authorities(file: string | undefined): { readonly ca?: string[] } {
  return file === undefined
    ? { ca: [...getCACertificates('default'), ...getCACertificates('system')] }
    : { ca: [readFileSync(file, 'utf8')] };
}

/** The beginning of what it said; the rest is let go. */
async function readAnswer(answer: IncomingMessage): Promise<string> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of answer) {
    if (Buffer.isBuffer(chunk)) bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length >= answerBytesMax) break;
  }
  return bytes.subarray(0, answerBytesMax).toString().trim();
}

/** Shorter parts of an address or a header are no secrets, but words. */
const secretLengthMin = 8;

function withoutSecrets(text: string, { url, headers }: HttpTarget): string {
  const { pathname, search, searchParams } = new URL(url);
  const values = Object.values(headers).flatMap((value) => [value, ...value.split(' ')]);
  return [`${pathname}${search}`, pathname, search, ...pathname.split('/'), ...searchParams.values(), ...values]
    .flatMap((part) => [part, decoded(part)])
    .filter((part) => part.length >= secretLengthMin)
    .toSorted((one, other) => other.length - one.length)
    .reduce((told, part) => told.replaceAll(part, '…'), text);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
