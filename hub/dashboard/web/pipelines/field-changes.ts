/** What an edit changes of a document, field by field. */
import { flatFields, valueText } from '../search/flat-fields.ts';

export interface FieldChange {
  readonly name: string;
  readonly kind: 'same' | 'added' | 'removed' | 'changed';
  /** Undefined: it is not there. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** In the order of their names. */
export function fieldChanges(before: Fields | undefined, after: Fields | undefined): FieldChange[] {
  const [old, now] = [textsOf(before), textsOf(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])].toSorted();
  return names.map((name) => {
    const [was, is] = [old.get(name), now.get(name)];
    const kind = was === is ? 'same' : was === undefined ? 'added' : is === undefined ? 'removed' : 'changed';
    return { name, kind, before: was, after: is };
  });
}

function textsOf(fields: Fields | undefined): ReadonlyMap<string, string> {
  return new Map(flatFields(fields ?? {}).map(([name, value]) => [name, valueText(value)]));
}
