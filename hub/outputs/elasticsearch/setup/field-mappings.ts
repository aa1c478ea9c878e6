/** How a field of a type is mapped, by what the server can do. What a document holds stays as it is in any case. */
import type { estypes } from '@elastic/elasticsearch';
import { type FieldType, type SingleFieldType, singleTypes } from '../../../processing/conditions/field-types.ts';
import type { ServerAbilities } from './server-abilities.ts';

export type FieldMapping = estypes.MappingProperty;

/** Longer values of a keyword are not indexed; they stay in the document. What ECS says, and Beats do. */
const ignoreAbove = 1024;
const scalingFactor = 1000;

export const keywordMapping: FieldMapping = { type: 'keyword', ignore_above: ignoreAbove };
/** As good as `match_only_text` for finding words; takes more room. */
const textMapping: FieldMapping = { type: 'text', norms: false };

const mappings: Readonly<Record<SingleFieldType, FieldMapping>> = {
  keyword: keywordMapping,
  constant_keyword: { type: 'constant_keyword' },
  wildcard: { type: 'wildcard', ignore_above: ignoreAbove },
  text: textMapping,
  match_only_text: { type: 'match_only_text' },
  version: { type: 'version' },
  ip: { type: 'ip' },
  long: { type: 'long' },
  integer: { type: 'integer' },
  short: { type: 'short' },
  byte: { type: 'byte' },
  unsigned_long: { type: 'unsigned_long' },
  double: { type: 'double' },
  float: { type: 'float' },
  half_float: { type: 'half_float' },
  scaled_float: { type: 'scaled_float', scaling_factor: scalingFactor },
  boolean: { type: 'boolean' },
  date: { type: 'date' },
  geo_point: { type: 'geo_point' },
  object: { type: 'object' },
  nested: { type: 'nested' },
  flattened: { type: 'flattened' },
};

/** What stands for a type that the server has not. */
export const fallbackTypes: Readonly<Partial<Record<SingleFieldType, FieldMapping>>> = {
  constant_keyword: keywordMapping,
  wildcard: keywordMapping,
  version: keywordMapping,
  match_only_text: textMapping,
  scaled_float: { type: 'double' },
  unsigned_long: { type: 'double' },
  // In the document, and not searched.
  flattened: { type: 'object', enabled: false },
};

export function mappingOf(type: FieldType, { missingTypes }: Pick<ServerAbilities, 'missingTypes'>): FieldMapping {
  const single = singleTypeOf(type);
  const fallback = missingTypes.has(single) ? fallbackTypes[single] : undefined;
  return fallback ?? mappings[single];
}

/** A field of Elasticsearch may have one value or many. */
export function singleTypeOf(type: FieldType): SingleFieldType {
  return singleTypes.find((one) => type === one || type === `${one}[]`) ?? 'keyword';
}

interface Branch {
  mapping?: FieldMapping;
  readonly below: Map<string, Branch>;
}

/** Fields by their dotted names, as the mapping of an index has them. What is named below a field that has a value of its own is left out. */
export function nestedProperties(fields: Iterable<readonly [string, FieldMapping]>): Record<string, FieldMapping> {
  const root: Branch = { below: new Map() };
  for (const [path, mapping] of fields) {
    let at = root;
    for (const name of path.split('.')) at = at.below.getOrInsertComputed(name, () => ({ below: new Map() }));
    at.mapping = mapping;
  }
  return propertiesOf(root);
}

/** Names that stand below a field with a value of its own, of which no document can have both. */
export function namesBelowValues(fields: Iterable<readonly [string, FieldType]>): string[] {
  const all = new Map(fields);
  const hasValue = (name: string): boolean => {
    const type = all.get(name);
    return type !== undefined && !['object', 'nested'].includes(singleTypeOf(type));
  };
  return [...all.keys()].filter((path) => {
    const names = path.split('.');
    return names.some((_, index) => index > 0 && hasValue(names.slice(0, index).join('.')));
  });
}

function propertiesOf({ below }: Branch): Record<string, FieldMapping> {
  const entries = [...below].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([name, branch]) => [name, mappingOfBranch(branch)]));
}

function mappingOfBranch(branch: Branch): FieldMapping {
  const { mapping, below } = branch;
  if (below.size === 0) return mapping ?? { type: 'object' };
  if (mapping === undefined) return { properties: propertiesOf(branch) };
  if (mapping.type === 'nested') return { type: 'nested', properties: propertiesOf(branch) };
  return mapping.type === 'object' ? { properties: propertiesOf(branch) } : mapping;
}
