/** Names with dots, as loggers write them, made into the objects that they stand for: `{"log.level": "warn"}` into `{"log": {"level": "warn"}}`. */
import {
  type FieldPath,
  type Fields,
  fieldAt,
  type FieldValue,
  isObject,
  mergeFields,
  type MutableFields,
  parseFieldPath,
  putField,
  setField,
} from '../record/fields.ts';

/** Names that are longer, or lead deeper, stay as they are. */
const nameLengthMax = 256;
const nameDepthMax = 20;

/**
 * In objects of all depths. The very same object where no name has a dot. Where another value stands in the way of a name it stays as it is:
 * none is lost, and what comes of an object does not depend on the order in which its plain names come.
 */
export function expandDots(fields: Fields): Fields {
  let isOther = false;
  const expanded: MutableFields = {};
  const dotted: [FieldPath, string, FieldValue][] = [];
  for (const [name, value] of Object.entries(fields)) {
    const inner = expandWithin(value);
    const path = name.includes('.') && name.length <= nameLengthMax ? parseFieldPath(name) : undefined;
    if (inner !== value) isOther = true;
    if (path === undefined || path.length > nameDepthMax) putField(expanded, name, inner);
    else dotted.push([path, name, inner]);
  }
  for (const [path, name, value] of dotted) putAt(expanded, path, { name, value });
  return isOther || dotted.length > 0 ? expanded : fields;
}

function expandWithin(value: FieldValue): FieldValue {
  if (typeof value !== 'object' || value === null) return value;
  if (isObject(value)) return expandDots(value);
  const items = value.map(expandWithin);
  return items.some((item, index) => item !== value[index]) ? items : value;
}

function putAt(
  fields: MutableFields,
  path: FieldPath,
  { name, value }: { readonly name: string; readonly value: FieldValue },
): void {
  const present = fieldAt(fields, path);
  if (isObject(present) && isObject(value)) mergeFields(fields, nested(path, value));
  else if (present !== undefined || isBlocked(fields, path)) putField(fields, name, value);
  else setField(fields, path, value);
}

/** Something on the way is no object. */
function isBlocked(fields: Fields, path: FieldPath): boolean {
  for (let length = 1; length < path.length; length += 1) {
    const [first, ...others] = path.slice(0, length);
    const outer = first === undefined ? undefined : fieldAt(fields, [first, ...others]);
    if (outer === undefined) return false;
    if (!isObject(outer)) return true;
  }
  return false;
}

function nested(path: FieldPath, value: Fields): Fields {
  const made: MutableFields = {};
  setField(made, path, value);
  return made;
}
