/** A document of Elasticsearch as a found record. It may be of another version, or have been changed by somebody: nothing of it is relied on. */
import type { FoundRecord } from '../../dashboard/api/search-shapes.ts';
import { dataStreamParts } from '../../outputs/elasticsearch/index-names.ts';

/** What the hub itself adds, and what is told elsewhere in the record. */
const ownNames: ReadonlySet<string> = new Set(['@timestamp', 'data_stream', 'ecs', 'labels', 'tributary']);

export interface TextLimits {
  readonly lineBytesMax: number;
}

export function foundDocument(index: string, source: unknown, { lineBytesMax }: TextLimits): FoundRecord {
  const text = (path: string): string => textOf(valueAt(source, path.split('.')));
  const parts = dataStreamParts(index.replace(/^\.ds-/, ''));
  const message = text('message');
  const original = text('event.original');
  const whole = original === '' ? message : original;
  const receivedMs = timeOf(text('event.ingested')) ?? timeOf(text('@timestamp')) ?? 0;
  const eventMs = timeOf(text('@timestamp'));
  const bytes = Buffer.from(whole);
  const cut = bytes.length > lineBytesMax;
  const site = text('tributary.site');
  const fields = fieldsOf(source, message === whole);
  return {
    at: {
      ...(site !== '' && { site }),
      agent: text('agent.id'),
      stream: text('tributary.stream'),
      position: Number(text('tributary.position')),
      ordinal: Number(text('tributary.ordinal')),
    },
    tenant: text('data_stream.namespace') || (parts?.namespace ?? ''),
    type: text('data_stream.dataset') || (parts?.dataset ?? ''),
    receivedMs,
    ...(eventMs !== undefined && eventMs !== receivedMs && { eventMs }),
    host: text('host.name'),
    source: text('log.file.path') || text('tributary.source'),
    labels: labelsOf(valueAt(source, ['labels'])),
    ...(fields !== undefined && { fields }),
    line: cut ? bytes.toString('utf8', 0, lineBytesMax) : whole,
    cut,
  };
}

function fieldsOf(source: unknown, isMessageTold: boolean): Record<string, unknown> | undefined {
  if (!isObject(source)) return undefined;
  const entries = Object.entries(source).filter(([name]) => !ownNames.has(name) && !(isMessageTold && name === 'message'));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function labelsOf(value: unknown): Record<string, string> {
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, textOf(one)])) : {};
}

/** Names may have dots in them. */
function valueAt(value: unknown, path: readonly string[]): unknown {
  if (path.length === 0) return value;
  if (!isObject(value)) return undefined;
  for (let parts = path.length; parts > 0; parts -= 1) {
    const name = path.slice(0, parts).join('.');
    const found = Object.hasOwn(value, name) ? valueAt(value[name], path.slice(parts)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

function timeOf(text: string): number | undefined {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
