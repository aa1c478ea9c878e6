/**
 * The calls of Kibana's API for saved objects that are meant for programs: export and import. (Its own index is written by nobody else: its
 * mappings, migrations and where it is change with every release.)
 */
import { randomBytes } from 'node:crypto';
import { isPlainObject } from './json.ts';
import { type KibanaClient, refusal } from './kibana-client.ts';
import { ndjson, type SavedObject } from './saved-object.ts';
import { keyOf, type StoredObject } from './written-record.ts';

export interface ObjectName {
  readonly type: string;
  readonly id: string;
}

/** Why Kibana did not take an object. */
export interface ImportProblem extends ObjectName {
  readonly reason: string;
}

export class SavedObjectCalls {
  readonly #client: KibanaClient;
  readonly #prefix: string;

  constructor(client: KibanaClient, space: string | undefined) {
    this.#client = client;
    this.#prefix = space === undefined || space === 'default' ? '' : `/s/${space}`;
  }

  /** Those of them that are there. An export refuses all where one is missing, and names those. */
  async export(wanted: readonly ObjectName[]): Promise<Map<string, StoredObject>> {
    let left = wanted.map(({ type, id }) => ({ type, id }));
    while (left.length > 0) {
      const path = `${this.#prefix}/api/saved_objects/_export`;
      const body = Buffer.from(JSON.stringify({ objects: left, excludeExportDetails: true, includeReferencesDeep: false }));
      const answer = await this.#client.ask({ method: 'POST', path, body });
      if (answer.status === 200) return new Map(storedObjects(answer.text).map((object) => [keyOf(object), object]));
      const missing = missingOf(answer.body);
      const remaining = left.filter((one) => !missing.has(keyOf(one)));
      if (answer.status !== 400 || remaining.length === left.length) throw refusal(`POST ${path}`, answer);
      left = remaining;
    }
    return new Map();
  }

  /** Those that Kibana did not take, each by itself. */
  async import(objects: readonly SavedObject[], { overwrite }: { readonly overwrite: boolean }): Promise<ImportProblem[]> {
    if (objects.length === 0) return [];
    const path = `${this.#prefix}/api/saved_objects/_import?overwrite=${overwrite}&createNewCopies=false`;
    const { body, contentType } = fileForm(ndjson(objects));
    const answer = await this.#client.ask({ method: 'POST', path, body, contentType });
    if (answer.status !== 200 || !isPlainObject(answer.body)) throw refusal(`POST ${path}`, answer);
    const { errors } = answer.body;
    return Array.isArray(errors) ? errors.flatMap(problemOf) : [];
  }
}

/** A form with one file, as a browser would send it (RFC 7578). */
function fileForm(content: string): { readonly body: Buffer; readonly contentType: string } {
  const boundary = `tributary-${randomBytes(16).toString('hex')}`;
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="tributary.ndjson"\r\ncontent-type: application/ndjson\r\n\r\n`;
  return {
    body: Buffer.from(`${head}${content}\r\n--${boundary}--\r\n`),
    contentType: `multipart/form-data; boundary=${boundary}`,
  };
}

function storedObjects(text: string): StoredObject[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => {
      const object: unknown = JSON.parse(line);
      if (!isPlainObject(object) || typeof object['type'] !== 'string' || typeof object['id'] !== 'string') return [];
      const { type, id, attributes, references, updated_at: updatedAt } = object;
      return [
        {
          type,
          id,
          attributes: isPlainObject(attributes) ? attributes : {},
          references: Array.isArray(references) ? references : [],
          updatedAt: typeof updatedAt === 'string' ? updatedAt : '',
        },
      ];
    });
}

/** `{message: 'Error fetching objects to export', attributes: {objects: [{type, id, error: {statusCode: 404}}]}}` */
function missingOf(body: unknown): Set<string> {
  const attributes = isPlainObject(body) ? body['attributes'] : undefined;
  const objects = isPlainObject(attributes) ? attributes['objects'] : undefined;
  if (!Array.isArray(objects)) return new Set();
  return new Set(
    objects.flatMap((object: unknown) => {
      if (!isPlainObject(object)) return [];
      const { type, id, error } = object;
      const isMissing = isPlainObject(error) && error['statusCode'] === 404;
      return isMissing && typeof type === 'string' && typeof id === 'string' ? [keyOf({ type, id })] : [];
    }),
  );
}

const reasons: Readonly<Record<string, string>> = {
  conflict: 'somebody else made one of this id meanwhile',
  ambiguous_conflict: 'several objects of this Kibana come from it',
  unsupported_type: 'this Kibana has no objects of this type',
};

function problemOf(error: unknown): ImportProblem[] {
  if (!isPlainObject(error)) return [];
  const { type, id, error: detail } = error;
  const kind = isPlainObject(detail) ? String(detail['type']) : 'unknown';
  const said = isPlainObject(detail) && typeof detail['message'] === 'string' ? detail['message'] : kind;
  return [{ type: String(type), id: String(id), reason: reasons[kind] ?? said }];
}
