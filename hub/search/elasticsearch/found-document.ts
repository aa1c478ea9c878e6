/** A document of Elasticsearch as a found record. It may be of another version, or have been changed by somebody: nothing of it is relied on. */
import { platformType } from '@tributary/protocol/platform/document.ts';
import type { FoundRecord } from '../../dashboard/api/search-shapes.ts';
import { dataStreamParts } from '../../outputs/elasticsearch/index-names.ts';
import { platformIndices } from './query-dsl.ts';

/** What the hub itself adds, and what is told elsewhere in the record. */
const ownNames: ReadonlySet<string> = new Set(['@timestamp', 'data_stream', 'ecs', 'labels', 'tributary']);
/** What agents and hubs tell has fields of its own among these. */
const platformOwnNames: ReadonlySet<string> = new Set(['data_stream']);

export interface TextLimits {
  readonly lineBytesMax: number;
  readonly fieldsBytesMax: number;
}

/** The line of a document, however long it is. */
export function lineOfDocument(source: unknown): string {
  const original = textOf(valueAt(source, ['event', 'original']));
  return original === '' ? textOf(valueAt(source, ['message'])) : original;
}

export function foundDocument(index: string, source: unknown, { lineBytesMax, fieldsBytesMax }: TextLimits): FoundRecord {
  const text = (path: string): string => textOf(valueAt(source, path.split('.')));
  const parts = dataStreamParts(index.replace(/^\.ds-/, ''));
  const isPlatform = platformIndices.includes(text('data_stream.type') || (parts?.type ?? ''));
  const told = lineOfDocument(source);
  // A measurement has no message: in the archive it is a line of JSON, too.
  const whole = told === '' && isPlatform ? JSON.stringify(source) : told;
  const place = isPlatform ? 'tributary.record' : 'tributary';
  const receivedMs = timeOf(text('event.ingested')) ?? timeOf(text('@timestamp')) ?? 0;
  const eventMs = timeOf(text('@timestamp'));
  const bytes = Buffer.from(whole);
  const cut = bytes.length > lineBytesMax;
  const site = text(`${place}.site`);
  const fields = fieldsOf(source, isPlatform ? platformOwnNames : ownNames, text('message') === whole && !isPlatform);
  return {
    at: {
      ...(site !== '' && { site }),
      agent: text('agent.id'),
      stream: text(`${place}.stream`),
      position: Number(text(`${place}.position`)),
      ordinal: Number(text(`${place}.ordinal`)),
    },
    tenant: text('data_stream.namespace') || (parts?.namespace ?? ''),
    type: isPlatform ? platformType : text('data_stream.dataset') || (parts?.dataset ?? ''),
    receivedMs,
    ...(eventMs !== undefined && eventMs !== receivedMs && { eventMs }),
    host: text('host.name'),
    source: text('log.file.path') || text('tributary.source'),
    labels: labelsOf(valueAt(source, ['labels'])),
    ...(fields !== undefined && isWithin(fields, fieldsBytesMax) && { fields }),
    line: cut ? bytes.toString('utf8', 0, lineBytesMax) : whole,
    cut,
  };
}

function fieldsOf(
  source: unknown,
  toldElsewhere: ReadonlySet<string>,
  isMessageTold: boolean,
): Record<string, unknown> | undefined {
  if (!isObject(source)) return undefined;
  const entries = Object.entries(source).filter(([name]) => !toldElsewhere.has(name) && !(isMessageTold && name === 'message'));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function isWithin(fields: Record<string, unknown>, bytesMax: number): boolean {
  return bytesMax === Infinity || Buffer.byteLength(JSON.stringify(fields)) <= bytesMax;
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
