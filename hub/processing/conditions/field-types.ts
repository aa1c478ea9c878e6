/**
 * The types that a field can have: those of ECS, which are Elasticsearch's. With `[]` it is a list of such values; ECS says of which fields
 * that is so.
 */
export const singleTypes = [
  'keyword',
  'constant_keyword',
  'wildcard',
  'text',
  'match_only_text',
  'version',
  'ip',
  'long',
  'integer',
  'short',
  'byte',
  'unsigned_long',
  'double',
  'float',
  'half_float',
  'scaled_float',
  'boolean',
  'date',
  'geo_point',
  'object',
  'nested',
  'flattened',
] as const;

export type SingleFieldType = (typeof singleTypes)[number];
export type FieldType = SingleFieldType | `${SingleFieldType}[]`;

export const fieldTypes: readonly FieldType[] = singleTypes.flatMap((type) => [type, `${type}[]` as const]);
