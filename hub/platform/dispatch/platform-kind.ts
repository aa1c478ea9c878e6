/**
 * What kind of thing a document of the platform channel tells of, which is where it goes. Told by the document alone, so that the same record always goes
 * to the same place. docs/PLATFORM-EVENTS.md has the table.
 */
import { type Fields, fieldAt, type FieldPath, type FieldValue, isObject } from '../../processing/record/fields.ts';

/** Those of Elastic's shippers that send events of their own; others count as `other`. */
export const beatNames = ['metricbeat', 'auditbeat', 'filebeat', 'heartbeat', 'packetbeat', 'winlogbeat'] as const;
export type BeatName = (typeof beatNames)[number];

/** Indices of platform events: there are no others, whatever documents say. */
export const platformKinds = ['agent', 'hub', 'audit', 'health', 'jobs', 'alerts', ...beatNames, 'other', 'unreadable'] as const;
export type PlatformKind = (typeof platformKinds)[number];

export type Place =
  | { readonly kind: 'metrics'; readonly set: string }
  | { readonly kind: Exclude<PlatformKind, 'metricbeat' | 'unreadable'> };

/** Longer names of sets are cut: with the tenant's they have to fit the name of an index. */
const setCharsMax = 100;

const auditCategories: ReadonlySet<FieldValue> = new Set(['iam', 'configuration', 'authentication']);

export function placeOf(fields: Fields): Place {
  const beat = beatOf(fields);
  if (isMetric(fields, beat)) return { kind: 'metrics', set: setOf(fields) };
  if (beat !== undefined && beat !== 'metricbeat') return { kind: beat };
  return { kind: eventKind(fields) };
}

/** Undefined of what no such program sent. */
export function beatOf(fields: Fields): BeatName | undefined {
  const name = textAt(fields, ['@metadata', 'beat']) ?? textAt(fields, ['agent', 'type']);
  const known = beatNames.find((one) => one === name);
  // Before version 7 a document did not say which program it is from.
  return known ?? (isObject(fieldAt(fields, ['metricset'])) ? 'metricbeat' : undefined);
}

function isMetric(fields: Fields, beat: BeatName | undefined): boolean {
  return beat === 'metricbeat' || textAt(fields, ['event', 'kind']) === 'metric' || isObject(fieldAt(fields, ['metricset']));
}

function eventKind(fields: Fields): Exclude<Place, { kind: 'metrics' }>['kind'] {
  const kind = textAt(fields, ['event', 'kind']);
  const agent = textAt(fields, ['agent', 'type']);
  if (agent === 'tributary') return 'agent';
  if (agent === 'tributary-hub') return ownKind(fields);
  if (isObject(fieldAt(fields, ['job'])) || textAt(fields, ['event', 'dataset']) === 'jobs') return 'jobs';
  if (kind === 'alert' || kind === 'signal') return 'alerts';
  if (kind === 'state') return 'health';
  return hasAuditCategory(fieldAt(fields, ['event', 'category'])) ? 'audit' : 'other';
}

function ownKind(fields: Fields): 'audit' | 'health' | 'hub' {
  if (isObject(fieldAt(fields, ['tributary', 'audit']))) return 'audit';
  const isFinding = textAt(fields, ['event', 'action'])?.startsWith('finding-') === true;
  return isFinding || textAt(fields, ['event', 'kind']) === 'state' ? 'health' : 'hub';
}

/** What somebody did, as tools of others tell it. */
function hasAuditCategory(category: FieldValue | undefined): boolean {
  return Array.isArray(category)
    ? category.some((one: FieldValue) => auditCategories.has(one))
    : auditCategories.has(category ?? '');
}

/** `system.cpu`, without what the name of a data stream cannot have. */
function setOf(fields: Fields): string {
  return setName(textAt(fields, ['event', 'dataset']) ?? moduleAndSet(fields) ?? '');
}

function moduleAndSet(fields: Fields): string | undefined {
  const set = textAt(fields, ['metricset', 'name']);
  const module =
    textAt(fields, ['event', 'module']) ?? textAt(fields, ['metricset', 'module']) ?? textAt(fields, ['service', 'type']);
  return set === undefined || module === undefined ? (set ?? module) : `${module}.${set}`;
}

export function setName(text: string): string {
  const name = text
    .slice(0, setCharsMax)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_.]/g, '_')
    .replaceAll(/^[._]+|[._]+$/g, '');
  return name === '' ? 'other' : name;
}

function textAt(fields: Fields, path: FieldPath): string | undefined {
  const value = fieldAt(fields, path);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
