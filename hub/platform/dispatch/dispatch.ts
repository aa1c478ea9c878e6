/**
 * The dispatcher of the platform channel: makes of each record the document that goes to Elasticsearch, and says under which name. Pure: the same record
 * makes the same, whichever hub and thread it is made in. What is no JSON object is kept as text: nothing is dropped.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import { dataStreamParts, metricsName, platformName, type IndexRules } from '../../outputs/elasticsearch/index-names.ts';
import { ecsVersion } from '../../processing/ecs/ecs-table.ts';
import { type Fields, fieldAt, type FieldValue, isObject } from '../../processing/record/fields.ts';
import { expandDots } from '../../processing/steps/expand-dots.ts';
import { eventTime, type EventTime, timeOf } from './event-time.ts';
import { readExactly, type Unreadable } from './exact-json.ts';
import { type Place, placeOf, type PlatformKind } from './platform-kind.ts';

/** Where a record came from: it is told under `tributary.record`, as documents of the platform have fields of their own under `tributary`. */
export interface RecordOrigin {
  readonly siteId: Id;
  readonly agentId: Id;
  /** Undefined of what came by no topic. */
  readonly streamId: Id | undefined;
  readonly position: number;
  readonly ordinal: number;
  readonly isPartial: boolean;
  /** How it was read, where that was not UTF-8; else empty. */
  readonly encoding: string;
  readonly host: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface PlatformRecord {
  readonly tenant: string;
  /** The record without its line end, or the JSON of what a pipeline made of it. */
  readonly text: string;
  readonly receivedMs: number;
  /** Where a pipeline found one. */
  readonly eventMs: number | undefined;
  /** Where a pipeline sends it, in place of where it would go. */
  readonly index?: string | undefined;
  readonly origin: RecordOrigin;
}

export interface SetChoice {
  /** Whether a set of metrics has a name of its own; each has unless given. */
  readonly takesSet?: (set: string) => boolean;
}

export interface Dispatched {
  /** Without the day of a daily index. */
  readonly name: string;
  readonly kind: 'metrics' | PlatformKind;
  /** `@timestamp`: the day of a daily index is that. */
  readonly timeMs: number;
  /** What the hub itself named an event, so that one which was sent straight and comes by the topic as well is there once. */
  readonly id: string | undefined;
  /** JSON, each member once. */
  readonly document: string;
}

type Names = Pick<IndexRules, 'platformNames'> & SetChoice;

/** Where metrics go whose set has no name of its own. */
const otherSet = 'other';

export function dispatch(record: PlatformRecord, names: Names): Dispatched {
  const read = readExactly(record.text);
  if ('trouble' in read) return unreadable(record, read.trouble);
  const fields = expandDots(read.fields);
  const { '@timestamp': told, '@metadata': _metadata, data_stream: _dataStream, ...own } = fields;
  const place = placeOf(fields);
  const toldTime = eventTime(told, record.receivedMs);
  const time = record.eventMs === undefined ? (toldTime ?? timeOf(record.receivedMs)) : timeOf(record.eventMs);
  const name = record.index ?? usualName(record.tenant, place, names);
  const unusable = told === undefined || toldTime !== undefined ? [] : ['@timestamp'];
  return {
    name,
    kind: place.kind,
    timeMs: time.ms,
    id: ownId(fields),
    document: documentText(name, time, { ...own, ...filled(fields, record, unusable) }),
  };
}

function usualName(tenant: string, place: Place, names: Names): string {
  if (place.kind !== 'metrics') return platformName(tenant, place.kind);
  const isTaken = names.platformNames === 'beats' || place.set === otherSet || (names.takesSet?.(place.set) ?? true);
  return metricsName(tenant, isTaken ? place.set : otherSet, names);
}

/** The text as it came, and why it is not what it should be. */
function unreadable(
  { tenant, text, receivedMs, eventMs, index, origin }: PlatformRecord,
  { kind, reason }: Unreadable,
): Dispatched {
  const name = index ?? platformName(tenant, 'unreadable');
  const time = timeOf(eventMs ?? receivedMs);
  const { host, agentId, labels } = origin;
  const document = documentText(name, time, {
    ecs: { version: ecsVersion },
    ...(host === '' ? {} : { host: { name: host } }),
    agent: { id: agentId },
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    event: {
      kind: 'pipeline_error',
      module: 'tributary',
      dataset: 'tributary.unreadable',
      ingested: timeOf(receivedMs).text,
    },
    error: { type: kind, message: reason },
    message: text,
    tributary: { record: recordOf(origin) },
  });
  return { name, kind: 'unreadable', timeMs: time.ms, id: undefined, document };
}

function documentText(name: string, time: EventTime, fields: Fields): string {
  const dataStream = dataStreamParts(name);
  return JSON.stringify({ '@timestamp': time.text, ...(dataStream === undefined ? {} : { data_stream: dataStream }), ...fields });
}

/** Objects that get something of ours beside what is there. */
const sharedNames = ['ecs', 'labels', 'event', 'tributary'] as const;

/** What a document gets beside what it has: its own stays, but for what only the hub knows. */
function filled(own: Fields, { receivedMs, origin }: PlatformRecord, unusable: readonly string[]): Fields {
  const { host, agentId, labels } = origin;
  const isOthers = own['agent'] !== undefined || own['beat'] !== undefined;
  const wrong = sharedNames.filter((name) => own[name] !== undefined && !isObject(own[name]));
  const replaced = Object.fromEntries([...unusable, ...wrong].map((name) => [name.replace('@', ''), textOf(own[name] ?? null)]));
  return {
    ecs: { version: ecsVersion, ...objectOf(own['ecs']) },
    ...(own['host'] === undefined || typeof own['host'] === 'string' || isObject(own['host']) ? hostOf(own, host) : {}),
    ...(isOthers ? {} : { agent: { id: agentId } }),
    ...(own['labels'] === undefined && Object.keys(labels).length === 0
      ? {}
      : { labels: { ...labels, ...objectOf(own['labels']) } }),
    event: { ...objectOf(own['event']), ingested: timeOf(receivedMs).text },
    tributary: {
      ...objectOf(own['tributary']),
      record: { ...recordOf(origin), ...(Object.keys(replaced).length === 0 ? {} : { replaced }) },
    },
  };
}

/** Beats before version 6.3 have a text there, and those before 7 their name elsewhere. */
function hostOf(own: Fields, streamHost: string): Fields {
  const host = own['host'];
  const told = typeof host === 'string' ? host : fieldAt(own, ['beat', 'hostname']);
  const name = typeof told === 'string' ? told : streamHost;
  const fields = { ...(name === '' ? {} : { name }), ...objectOf(host) };
  return Object.keys(fields).length === 0 ? {} : { host: fields };
}

function recordOf({ siteId, streamId, position, ordinal, isPartial, encoding }: RecordOrigin): Fields {
  if (streamId === undefined) return { site: siteId, direct: true };
  return {
    site: siteId,
    stream: streamId,
    position,
    ordinal,
    ...(isPartial ? { partial: true } : {}),
    ...(encoding === '' ? {} : { encoding }),
  };
}

function ownId(fields: Fields): string | undefined {
  if (fieldAt(fields, ['agent', 'type']) !== 'tributary-hub') return undefined;
  const id = fieldAt(fields, ['event', 'id']);
  return typeof id === 'string' && /^[0-9a-f]{32}$/.test(id) ? id : undefined;
}

function objectOf(value: FieldValue | undefined): Fields {
  return isObject(value) ? value : {};
}

function textOf(value: FieldValue): string {
  const textCharsMax = 200;
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, textCharsMax).toWellFormed();
}
