/**
 * What the hub wrote into a Kibana, kept there: a note (a `visualization` of Markdown) that people can read, with a block of JSON. The objects
 * themselves have no place for it, as Kibana refuses attributes that it does not know.
 *
 * Of each object the note has the digest of what was sent, and of what Kibana made of it, as its migrations may rewrite it; and when it was stored.
 * An object was not changed by a person when it still is what Kibana made of it, or when it was not stored again since: a newer Kibana
 * migrates without that.
 */
import { createHash } from 'node:crypto';
import { isPlainObject } from './json.ts';
import { dashboardsVersion } from './kibana-objects.ts';
import { type Naming, objectId, objectTitle } from './object-ids.ts';
import { type SavedObject, savedObject, searchSource } from './saved-object.ts';

export interface Written {
  readonly version: number;
  /** Of what was sent. */
  readonly sent: string;
  /** Of what was there afterwards. */
  readonly stored: string;
  readonly updatedAt: string;
}

/** By type and id. */
export type WrittenRecord = ReadonlyMap<string, Written>;

/** As Kibana exports it. */
export interface StoredObject {
  readonly type: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly references: readonly unknown[];
  readonly updatedAt: string;
}

const digestChars = 32;
const blockPattern = /```json\n(?<json>[\s\S]*?)\n```/;

export function keyOf({ type, id }: { readonly type: string; readonly id: string }): string {
  return `${type}:${id}`;
}

export function recordId(naming: Naming): { readonly type: 'visualization'; readonly id: string } {
  return { type: 'visualization', id: objectId(naming, 'written') };
}

/** What an object says, without what Kibana adds. */
export function digestOf({ attributes, references }: Pick<StoredObject, 'attributes' | 'references'>): string {
  return createHash('sha256')
    .update(JSON.stringify(ordered({ attributes, references })))
    .digest('hex')
    .slice(0, digestChars);
}

export function recordObject(naming: Naming, written: WrittenRecord): SavedObject {
  const title = objectTitle(naming, 'what the hub wrote');
  const markdown = `Tributary wrote these objects, and writes them again when a newer release has other ones. What somebody changed stays as it is.
Without this note it overwrites none of them.

\`\`\`json
${JSON.stringify({ version: dashboardsVersion, objects: Object.fromEntries(written) })}
\`\`\``;
  return savedObject('visualization', recordId(naming).id, {
    attributes: {
      title,
      description: '',
      visState: JSON.stringify({
        title,
        type: 'markdown',
        aggs: [],
        params: { fontSize: 12, openLinksInNewTab: false, markdown },
      }),
      uiStateJSON: '{}',
      kibanaSavedObjectMeta: searchSource(''),
    },
  });
}

/** Empty where it is none, or somebody made something else of it: then nothing is known to be the hub's. */
export function readRecord(stored: StoredObject | undefined): WrittenRecord {
  const visState = parse(stored?.attributes['visState']);
  const params = isPlainObject(visState) ? visState['params'] : undefined;
  const markdown = isPlainObject(params) ? params['markdown'] : undefined;
  const content = typeof markdown === 'string' ? parse(blockPattern.exec(markdown)?.groups?.['json']) : undefined;
  const objects = isPlainObject(content) ? content['objects'] : undefined;
  if (!isPlainObject(objects)) return new Map();
  return new Map(Object.entries(objects).flatMap(([key, value]) => (isWritten(value) ? [[key, value] as const] : [])));
}

function isWritten(value: unknown): value is Written {
  if (!isPlainObject(value)) return false;
  const { version, sent, stored, updatedAt } = value;
  return typeof version === 'number' && [sent, stored, updatedAt].every((text) => typeof text === 'string');
}

function parse(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => ordered(one));
  if (!isPlainObject(value)) return value;
  const names = Object.keys(value).toSorted();
  return Object.fromEntries(names.map((name) => [name, ordered(value[name])]));
}
