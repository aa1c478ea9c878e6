/** What happened to an agent, as it told: in a sentence each, kept in the store for a while. */
import { asFields, type Fields } from '@tributary/protocol/platform/document.ts';
import * as z from 'zod';
import { agentEvent, type AgentEvent } from '../../dashboard/api/agent-shapes.ts';
import { textKeptMax } from '../limits.ts';
import { isOfItself, type PlatformDocument } from '../platform-document.ts';
import type { AgentText } from '../store/measurement-store.ts';

/** Undefined: the document is no event of an agent. */
export function eventText(document: PlatformDocument): AgentText | undefined {
  const { kind, action, agentId, atMs, fields } = document;
  if (kind === 'metric' || action === '' || !isOfItself(document)) return undefined;
  const level = textAt(fields, 'log', 'level');
  const event: AgentEvent = { atMs, action, level: level === '' ? 'info' : level, message: messageOf(fields) };
  return { agentId, atMs, json: JSON.stringify(event) };
}

/** What was read twice is there once. */
export function eventsOf(texts: readonly AgentText[]): AgentEvent[] {
  const seen = new Set<string>();
  return texts.flatMap(({ json }) => {
    if (seen.has(json)) return [];
    seen.add(json);
    const parsed = parsedEvent.safeParse(json);
    return parsed.success ? [parsed.data] : [];
  });
}

const parsedEvent = z
  .string()
  .transform((json, { issues }) => {
    try {
      const parsed: unknown = JSON.parse(json);
      return parsed;
    } catch {
      issues.push({ code: 'custom', message: 'is no JSON', input: json });
      return z.NEVER;
    }
  })
  .pipe(agentEvent);

function messageOf(fields: Fields): string {
  const tributary = asFields(fields['tributary']);
  const count = typeof tributary['count'] === 'number' ? ` (${tributary['count']} times)` : '';
  const what = `${textAt(fields, 'message')}${count}`;
  const source =
    textAt(fields, 'log', 'file', 'path') ||
    textAt(tributary, 'source') ||
    textAt(tributary, 'input') ||
    textAt(tributary, 'hub');
  const why = textAt(fields, 'event', 'reason') || textAt(fields, 'error', 'message') || textAt(tributary, 'cause');
  return [what, source, why].filter((part) => part !== '').join(': ');
}

function textAt(fields: Fields, ...path: readonly string[]): string {
  let value: unknown = fields;
  for (const name of path) value = asFields(value)[name];
  return typeof value === 'string' ? value.slice(0, textKeptMax) : '';
}
