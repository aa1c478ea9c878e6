/** The fields of ECS and their types, from the table beside this file. Every thread reads it when it starts, so it does little per field. */
import { assert } from '@tributary/shared/assert.ts';
import { type FieldType, fieldTypes } from '../conditions/field-types.ts';
import { ecsTable } from './ecs-table.ts';
import type { EcsTypes } from './ecs-types.ts';

const types = new Map<string, FieldType>([...fieldTypes.map((type) => [type, type] as const), ['[]', 'keyword[]']]);

export const ecsFields: EcsTypes = readTable(ecsTable);

function readTable(table: string): EcsTypes {
  const sets = new Map<string, readonly string[]>();
  const own: string[] = [];
  for (const line of table.trim().split(/\n(?! )/)) {
    const words = line.split(/\s+/);
    const [first = ''] = words;
    if (first.startsWith('=')) sets.set(first.slice(1), words.slice(1));
    else own.push(...words);
  }
  const fields = new Map<string, FieldType>();
  const add = (words: readonly string[], within: string): void => {
    let prefix = within;
    const outer: string[] = [];
    for (const word of words) {
      if (word === '}') {
        prefix = outer.pop() ?? within;
        continue;
      }
      const opens = word.endsWith('{');
      const equals = opens ? word.length - 1 : word.indexOf('=');
      const named = equals < 0 ? word : word.slice(0, equals);
      const colon = named.indexOf(':');
      const path = prefix + (colon < 0 ? named : named.slice(0, colon));
      if (colon >= 0) fields.set(path, typeNamed(named.slice(colon + 1)));
      else if (equals < 0) fields.set(path, 'keyword');
      if (opens) {
        outer.push(prefix);
        prefix = `${path}.`;
      } else if (equals >= 0) add(setNamed(sets, word.slice(equals + 1)), `${path}.`);
    }
  };
  add(own, '');
  return fields;
}

function setNamed(sets: ReadonlyMap<string, readonly string[]>, name: string): readonly string[] {
  const words = sets.get(name);
  assert(words !== undefined, `the ECS table has a set ${name}`);
  return words;
}

function typeNamed(text: string): FieldType {
  const type = types.get(text);
  assert(type !== undefined, `the ECS table has the type ${text}`);
  return type;
}
