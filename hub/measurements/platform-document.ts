/** One record of a platform channel, as the hub's own readers want it: who told it is known by the connection, not by what the document says. */
import type { Id } from '@tributary/protocol/messages.ts';
import { asFields, type Fields } from '@tributary/protocol/platform/document.ts';

export interface PlatformDocument {
  /** The agent (or listener, or hub) whose stream it came in, and the site that it came from first. */
  readonly siteId: Id;
  readonly agentId: Id;
  readonly tenant: string;
  readonly receivedMs: number;
  /** When it happened, by the clock of whoever told it; when it was received unless told. */
  readonly atMs: number;
  /** `event.kind`, `event.dataset`, `event.action`; empty where it has none. */
  readonly kind: string;
  readonly dataset: string;
  readonly action: string;
  readonly fields: Fields;
}

/** An agent tells of itself: what is pushed under a name that only looks like one, or by another tool, does not. */
export function isOfItself({ agentId, fields }: Pick<PlatformDocument, 'agentId' | 'fields'>): boolean {
  const { type, id } = asFields(fields['agent']);
  return type === 'tributary' && id === agentId;
}

/** Undefined: it is no JSON object. */
export function platformDocument(
  json: string,
  origin: Pick<PlatformDocument, 'siteId' | 'agentId' | 'tenant' | 'receivedMs'>,
): PlatformDocument | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  const fields = asFields(parsed);
  const event = asFields(fields['event']);
  const text = (name: string): string => (typeof event[name] === 'string' ? event[name] : '');
  const time = fields['@timestamp'];
  const toldMs = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  const atMs = Number.isNaN(toldMs) ? origin.receivedMs : toldMs;
  return { ...origin, atMs, kind: text('kind'), dataset: text('dataset'), action: text('action'), fields };
}
