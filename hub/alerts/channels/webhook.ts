/**
 * A POST of JSON. With a secret it is signed: `tributary-signature: t=SECONDS,v1=HEX`, HMAC-SHA-256 of `SECONDS.BODY`; `tributary-alert-id` is the same when
 * it is sent again.
 */
import { createHmac } from 'node:crypto';
import { fieldPattern, isBodyField, type WebhookOptions } from '../../config/alert-options.ts';
import type { AlertItem, AlertMessage } from '../alert.ts';
import { fieldsOf, iso, statusOf, summaryOf } from '../message-text.ts';
import type { AlertChannel } from './alert-channel.ts';
import { callHttp } from './http-call.ts';

export interface HowSent {
  readonly timeoutMs: number;
  readonly pageUrl: string | undefined;
}

export function webhookChannel(options: WebhookOptions, { timeoutMs, pageUrl }: HowSent): AlertChannel {
  return {
    async send(message, signal) {
      const body = JSON.stringify(options.body === undefined ? bodyOf(message, pageUrl) : filled(options.body, message, pageUrl));
      const seconds = Math.floor(Date.now() / 1000);
      const headers = headersOf(options, { body, id: message.id, seconds });
      await callHttp(options, { method: 'POST', headers, body }, { timeoutMs, signal });
    },
  };
}

interface Posted {
  readonly body: string;
  readonly id: string;
  readonly seconds: number;
}

function headersOf({ secret }: WebhookOptions, { body, id, seconds }: Posted): Record<string, string> {
  const digest = secret === undefined ? undefined : createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return {
    'content-type': 'application/json',
    'content-length': `${Buffer.byteLength(body)}`,
    'tributary-alert-id': id,
    ...(digest !== undefined && { 'tributary-signature': `t=${seconds},v1=${digest}` }),
  };
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
