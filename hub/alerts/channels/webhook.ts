/**
 * A POST of JSON. With a secret it is signed: `tributary-signature: t=SECONDS,v1=HEX`, HMAC-SHA-256 of `SECONDS.BODY`; `tributary-alert-id` is the same when
 * it is sent again. Any status from 200 to 299 means that the receiver has it; redirects are not followed.
 */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { getCACertificates } from 'node:tls';
import { productVersion } from '@tributary/shared/build-info.ts';
import { fieldPattern, isBodyField, type WebhookOptions } from '../../config/alert-options.ts';
import { throughProxy } from '../../outputs/archive/store/through-proxy.ts';
import type { AlertItem, AlertMessage } from '../alert.ts';
import { answerBytesMax } from '../limits.ts';
import { fieldsOf, iso, statusOf, summaryOf } from '../message-text.ts';
import type { AlertChannel } from './alert-channel.ts';
import { RefusedError } from './refused-error.ts';

export interface HowSent {
  readonly timeoutMs: number;
  readonly pageUrl: string | undefined;
}

export function webhookChannel(options: WebhookOptions, { timeoutMs, pageUrl }: HowSent): AlertChannel {
  return {
    async send(message, signal) {
      const body = JSON.stringify(options.body === undefined ? bodyOf(message, pageUrl) : filled(options.body, message, pageUrl));
      const ended = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      try {
        await post(options, { body, id: message.id, seconds: Math.floor(Date.now() / 1000) }, ended);
      } catch (error) {
        if (ended.aborted && !signal.aborted) throw new Error(`no answer within ${timeoutMs / 1000} s`, { cause: error });
        throw error;
      }
    },
  };
}

/** By what the message is, not by who may send it or where to. */
const refusals = new Set([400, 413, 422]);

interface Posted {
  readonly body: string;
  readonly id: string;
  readonly seconds: number;
}

async function post(options: WebhookOptions, posted: Posted, signal: AbortSignal): Promise<void> {
  const url = new URL(options.url);
  const isSecure = url.protocol === 'https:';
  const plain = isSecure ? new SecureAgent(authorities(options.ca)) : new Agent();
  const agent = options.proxy === undefined ? plain : throughProxy(plain, options.proxy, signal);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = (isSecure ? secureRequest : request)(url, { method: 'POST', agent, signal, headers: headersOf(options, posted) });
  sent.on('response', resolve);
  sent.on('error', reject);
  sent.end(posted.body);
  try {
    const answer = await promise;
    const text = await readAnswer(answer);
    const { statusCode = 0 } = answer;
    if (statusCode >= 200 && statusCode <= 299) return;
    const why = `it answered ${statusCode}${text === '' ? '' : `: ${text}`}`;
    throw refusals.has(statusCode) ? new RefusedError(why) : new Error(why);
  } finally {
    agent.destroy();
  }
}

function headersOf({ headers, secret }: WebhookOptions, { body, id, seconds }: Posted): Record<string, string> {
  const digest = secret === undefined ? undefined : createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return {
    ...headers,
    'content-type': 'application/json',
    'content-length': `${Buffer.byteLength(body)}`,
    'user-agent': `tributary-hub/${productVersion()}`,
    'tributary-alert-id': id,
    ...(digest !== undefined && { 'tributary-signature': `t=${seconds},v1=${digest}` }),
  };
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

/** The same, with what the message says in the place of its names. */
function filled(body: unknown, message: AlertMessage, pageUrl: string | undefined): unknown {
  const fields = fieldsOf(message, pageUrl);
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string')
      return value.replaceAll(fieldPattern, (whole, name) => (isBodyField(name) ? fields[name] : whole));
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner)]));
  };
  return fill(body);
}

function bodyOf(message: AlertMessage, pageUrl: string | undefined): object {
  const { id, site, siteId, atMs, items, counts, standing } = message;
  return {
    id,
    status: statusOf(message),
    summary: summaryOf(message),
    site,
    site_id: siteId,
    at: iso(atMs),
    ...(pageUrl !== undefined && { page_url: pageUrl }),
    counts,
    standing,
    alerts: items.map(itemOf),
  };
}

function itemOf({ key, change, node, nodeKind, name, owners, kind, level, reason, sinceMs }: AlertItem): object {
  const tenants = owners === 'site' ? {} : { tenants: owners };
  return { key, change, node, node_kind: nodeKind, name, ...tenants, finding: kind, level, reason, since: iso(sinceMs) };
}
