/** The names that an expression may use, and what each is: fields of ECS, a pipeline's own, and those of the record itself. */
import { suggest } from '@tributary/shared/options/suggest.ts';
import { ecsFields } from '../ecs/ecs-fields.ts';
import type { FieldPath } from '../record/fields.ts';
import type { FieldType } from './field-types.ts';
import {
  allFieldsSlot,
  anySlot,
  fieldSlot,
  labelSlot,
  messageSlot,
  objectPresenceSlot,
  recordSlots,
  type Slot,
} from './slots.ts';

export type Resolved =
  | { readonly kind: 'value'; readonly slot: Slot }
  /** There are only fields below it: it can be asked for, but has no value. */
  | { readonly kind: 'object'; readonly slot: Slot; readonly example: string }
  | { readonly kind: 'unknown'; readonly problem: string };

/** What every pipeline knows besides ECS. */
const ownFields: readonly (readonly [string, FieldType])[] = [
  ['tributary.pipeline.name', 'keyword'],
  ['tributary.pipeline.step', 'keyword'],
];

export class KnownNames {
  readonly #types: ReadonlyMap<string, FieldType>;

  constructor(declared: Readonly<Record<string, FieldType>>) {
    this.#types = new Map([...ecsFields, ...ownFields, ...Object.entries(declared)]);
  }

  /** Whether `record`, `fields` or the name of a field begins so; other names are the language's. */
  begins(name: string): boolean {
    return name === 'record' || name === 'fields' || this.#types.has(name) || this.#below(name) !== undefined;
  }

  resolve(path: FieldPath): Resolved {
    const [first, second, ...others] = path;
    const text = path.join('.');
    if (first === 'record') return resolveRecord(text, second, others);
    if (first === 'fields') {
      const slot = second === undefined ? allFieldsSlot : anySlot(text, [second, ...others]);
      return { kind: 'value', slot };
    }
    if (text === 'message') return { kind: 'value', slot: messageSlot };
    const type = this.#types.get(text);
    if (type !== undefined) return { kind: 'value', slot: fieldSlot(text, path, type) };
    const example = this.#below(text);
    if (example !== undefined) return { kind: 'object', slot: objectPresenceSlot(text, path), example };
    return this.#resolveWithin(text, path);
  }

  /** A path that leads into an object with names of anybody's, or nowhere. */
  #resolveWithin(text: string, path: FieldPath): Resolved {
    for (let count = path.length - 1; count > 0; count -= 1) {
      const outer = path.slice(0, count).join('.');
      const type = this.#types.get(outer);
      if (type === 'object' || type === 'flattened') return { kind: 'value', slot: anySlot(text, path) };
      if (type !== undefined) return { kind: 'unknown', problem: `${outer} is a ${type}: it has no fields` };
    }
    const meant = suggest(text, [...this.#types.keys(), ...Object.keys(recordSlots).map((name) => `record.${name}`)]);
    const hint = meant === undefined ? `declare it under fields, or write fields.${text}` : `did you mean ${meant}?`;
    return { kind: 'unknown', problem: `unknown name ${text}; ${hint}` };
  }

  /** The first field below an object of that name. */
  #below(name: string): string | undefined {
    for (const known of this.#types.keys()) if (known.startsWith(name) && known[name.length] === '.') return known;
    return undefined;
  }
}

function resolveRecord(text: string, member: string | undefined, others: readonly string[]): Resolved {
  const [label, ...more] = others;
  if (member === 'labels' && label !== undefined && more.length === 0) return { kind: 'value', slot: labelSlot(text, label) };
  const slot =
    member !== undefined && Object.hasOwn(recordSlots, member) && others.length === 0 ? recordSlots[member] : undefined;
  if (slot !== undefined) return { kind: 'value', slot: { ...slot, text } };
  const names = Object.keys(recordSlots);
  const meant = member === undefined ? undefined : suggest(member, names);
  const hint = meant === undefined ? `it has ${names.join(', ')}` : `did you mean record.${meant}?`;
  return { kind: 'unknown', problem: member === undefined ? `record is no value; ${hint}` : `unknown name ${text}; ${hint}` };
}
