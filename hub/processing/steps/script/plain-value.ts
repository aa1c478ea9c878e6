/** Values that a script made, copied out of its realm: only what JSON has gets through. Reading them may run what the script defined. */
import { type FieldValue, type MutableFields, putField } from '../../record/fields.ts';
import { depthMax, type Realm } from './realm.ts';

/** In one result: a list that holds the same list many times is small in a script, and large as a text. */
export const valuesMax = 1_000_000;

/** What a script returned that no document can hold. */
export class ResultError extends Error {
  override readonly name = 'ResultError';
  /** Names and numbers on the way to it. */
  readonly path: (string | number)[] = [];
}

export class PlainValues {
  readonly #prototypes: Realm['prototypes'];
  #left = valuesMax;

  constructor({ prototypes }: Realm) {
    this.#prototypes = prototypes;
  }

  /** For another result. */
  begin(): void {
    this.#left = valuesMax;
  }

  isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
    return typeof value === 'object' && value !== null && this.#prototypes.includes(Object.getPrototypeOf(value));
  }

  /** Members that are undefined are left out, as in JSON. */
  fieldsOf(value: Readonly<Record<string, unknown>>, depth = 0): MutableFields {
    if (depth > depthMax) throw new ResultError('stands too deep within others, or within itself');
    const fields: MutableFields = {};
    for (const name of Object.keys(value)) {
      const member = value[name];
      if (typeof member === 'string' || typeof member === 'boolean') {
        if (name === '__proto__') putField(fields, name, member);
        else fields[name] = member;
        this.#count();
      } else if (member !== undefined) putField(fields, name, this.#memberOf(member, name, depth));
    }
    return fields;
  }

  #memberOf(member: unknown, name: string | number, depth: number): FieldValue | MutableFields {
    try {
      return this.#valueOf(member, depth);
    } catch (error) {
      if (error instanceof ResultError) error.path.unshift(name);
      throw error;
    }
  }

  #valueOf(value: unknown, depth: number): FieldValue | MutableFields {
    this.#count();
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number') {
      if (Number.isFinite(value)) return value;
      throw new ResultError(`is ${value}, which JSON has not`);
    }
    if (Array.isArray(value)) return this.#listOf(value, depth + 1);
    if (this.isPlain(value)) return this.fieldsOf(value, depth + 1);
    throw new ResultError(`is ${kindOf(value)}: a document holds text, numbers, truth values, null, lists and plain objects`);
  }

  #listOf(value: readonly unknown[], depth: number): FieldValue {
    if (depth > depthMax) throw new ResultError('stands too deep within others, or within itself');
    if (value.length > this.#left) throw tooMany();
    const list: FieldValue[] = [];
    for (let index = 0; index < value.length; index += 1) list.push(this.#memberOf(value[index], index, depth));
    return list;
  }

  #count(): void {
    this.#left -= 1;
    if (this.#left < 0) throw tooMany();
  }
}

export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const name: unknown = Reflect.get(value, 'constructor')?.name;
  return typeof name === 'string' && name !== '' ? `a ${name.slice(0, 50)}` : 'an object of a class';
}

function tooMany(): ResultError {
  return new ResultError(`and what is with it has more than ${valuesMax} values`);
}
