/**
 * The fields of a document: plain nested objects with ECS names (`http.response.status_code` is in `http`, in `response`), and paths
 * into them. A path is split once, when the pipeline is read; nothing here splits text per record.
 */

export type FieldValue = string | number | boolean | null | readonly FieldValue[] | { readonly [name: string]: FieldValue };

/** What steps build up. Only `PipelineRecord.edit` hands it out to be changed. */
export interface MutableFields {
  [name: string]: FieldValue | MutableFields | MutableFields[];
}

export type Fields = { readonly [name: string]: FieldValue };

/** `['http', 'response', 'status_code']`: at least one name, none of them empty. */
export type FieldPath = readonly [string, ...string[]];

/** Undefined where the text is no path: a name is empty, or is `__proto__`. */
export function parseFieldPath(text: string): FieldPath | undefined {
  const [first, ...others] = text.split('.');
  if (first === undefined || [first, ...others].some((name) => name === '' || name === '__proto__')) return undefined;
  return [first, ...others];
}

/** Undefined where there is nothing of that name, or something on the way to it is no object. */
export function fieldAt(fields: Fields, path: FieldPath): FieldValue | undefined {
  let value: FieldValue | undefined = fields;
  for (const name of path) {
    if (!isObject(value)) return undefined;
    value = ownValue(value, name);
  }
  return value;
}

/** Makes the objects on the way. What stands there and is no object is replaced. */
export function setField(fields: MutableFields, path: FieldPath, value: FieldValue | MutableFields): void {
  putField(parentOf(fields, path), path.at(-1) ?? '', value);
}

/** The object that the path's last name is in. Made, with those on the way, where it is not there. */
export function parentOf(fields: MutableFields, path: FieldPath): MutableFields {
  let place = fields;
  for (let index = 0; index < path.length - 1; index += 1) {
    const name = path[index] ?? '';
    const next = ownValue(place, name);
    if (isMutableObject(next)) {
      place = next;
      continue;
    }
    const made: MutableFields = {};
    place[name] = made;
    place = made;
  }
  return place;
}

/** A name that comes from outside: `__proto__` is a name like any other. */
export function putField(fields: MutableFields, name: string, value: FieldValue | MutableFields): void {
  if (name === '__proto__') Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true });
  else fields[name] = value;
}

/** Also removes the objects on the way that are empty then. False where there was nothing. */
export function removeField(fields: MutableFields, path: FieldPath): boolean {
  const [name, ...rest] = path;
  if (!Object.hasOwn(fields, name)) return false;
  const [next, ...others] = rest;
  if (next === undefined) return delete fields[name];
  const inner = fields[name];
  if (!isMutableObject(inner) || !removeField(inner, [next, ...others])) return false;
  if (Object.keys(inner).length === 0) delete fields[name];
  return true;
}

/** Objects of both are merged name by name; of anything else `added` wins. */
export function mergeFields(fields: MutableFields, added: Fields): void {
  for (const name of Object.keys(added)) {
    const value = added[name];
    if (value === undefined) continue;
    const present = ownValue(fields, name);
    if (isMutableObject(present) && isObject(value)) mergeFields(present, value);
    else putField(fields, name, value);
  }
}

/**
 * Undefined where there is none. Objects inherit nothing but functions, which no field is, and `__proto__`: so it is asked only rarely
 * whether a value is the object's own, as that takes longer than to read it.
 */
function ownValue<Value>(fields: Readonly<Record<string, Value>>, name: string): Value | undefined {
  if (name === '__proto__' && !Object.hasOwn(fields, name)) return undefined;
  const value = fields[name];
  return typeof value === 'function' ? undefined : value;
}

export function isObject(value: FieldValue | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMutableObject(value: MutableFields[string] | undefined): value is MutableFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
