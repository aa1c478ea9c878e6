/** What an event of a Beat is: the log type that it gets, and the machine that it is of. The event itself stays as it came. */
import { platformType } from '@tributary/protocol/platform/document.ts';
import { beatOf } from '../../platform/dispatch/platform-kind.ts';
import { type FieldPath, type Fields, fieldAt, type FieldValue, isObject } from '../../processing/record/fields.ts';

export interface EventPlace {
  readonly type: string;
  /** Empty where the event names none. */
  readonly host: string;
}

/** What tells of machines and of who did what on them; all others are logs. */
const platformBeats: ReadonlySet<string | undefined> = new Set(['metricbeat', 'auditbeat', 'heartbeat']);

const typeCharsMax = 50;
const hostPattern = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,254}$/;
const typePaths: readonly FieldPath[] = [
  ['fields', 'type'],
  ['event', 'module'],
];
const hostPaths: readonly FieldPath[] = [
  ['host', 'name'],
  ['host', 'hostname'],
  ['host'],
  ['agent', 'hostname'],
  ['beat', 'hostname'],
];

/** `typeDefault` of what names none, or is no JSON. */
export function placeOfEvent(event: Buffer, typeDefault: string): EventPlace {
  const fields = fieldsOf(event);
  if (fields === undefined) return { type: typeDefault, host: '' };
  const host = firstText(fields, hostPaths, (text) => (hostPattern.test(text) ? text : undefined)) ?? '';
  if (platformBeats.has(beatOf(fields))) return { type: platformType, host };
  return { type: firstText(fields, typePaths, typeOf) ?? typeDefault, host };
}

function fieldsOf(event: Buffer): Fields | undefined {
  try {
    const value: FieldValue = JSON.parse(event.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `nginx-access` as a log type may be called; undefined where nothing is left of it. A line of logs is no platform event, whatever it says. */
function typeOf(text: string): string | undefined {
  const type = text
    .slice(0, typeCharsMax)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]/g, '_');
  return type.replaceAll('_', '') === '' || type === platformType ? undefined : type;
}

/** Fields may also have been written with dots in their names. */
function firstText(fields: Fields, paths: readonly FieldPath[], read: (text: string) => string | undefined): string | undefined {
  for (const path of paths) {
    const value = fieldAt(fields, path) ?? fields[path.join('.')];
    const text = typeof value === 'string' ? read(value) : undefined;
    if (text !== undefined) return text;
  }
  return undefined;
}
