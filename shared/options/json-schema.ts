import * as z from 'zod';
import { assertStrict } from './schema-shape.ts';

/** A JSON Schema, as far as configuration files need one. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly type?: string | undefined;
  readonly description?: string | undefined;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly pattern?: string | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly properties?: Readonly<Record<string, JsonSchema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly items?: JsonSchema | undefined;
  readonly additionalProperties?: JsonSchema | boolean | undefined;
  readonly anyOf?: readonly JsonSchema[] | undefined;
  readonly oneOf?: readonly JsonSchema[] | undefined;
  /** Of sizes and durations (units.ts): what is written, and between which limits. Not part of the published schema. */
  readonly unit?: 'bytes' | 'duration' | undefined;
  readonly min?: string | undefined;
  readonly max?: string | undefined;
}

/** What may be written in the file, with our own annotations of units: the source of the published schema and of the options page. */
export function describeOptions(schema: z.ZodType): JsonSchema {
  assertStrict(schema);
  const made = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-2020-12',
    override: ({ zodSchema, jsonSchema }) => {
      dropNoise(jsonSchema);
      if (zodSchema instanceof z.ZodDefault) keepEmptyDefault(zodSchema.def.defaultValue, jsonSchema);
    },
  });
  // What zod adds beyond JSON is no part of it.
  const described: JsonSchema = JSON.parse(JSON.stringify(made));
  return described;
}

/** The JSON Schema (draft 2020-12) that an editor checks a configuration file with. It accepts every file that `check` accepts. */
export function publishedSchema(schema: z.ZodType, title: string): JsonSchema {
  const { $schema, ...body } = describeOptions(schema);
  return {
    $schema,
    title,
    ...publish(body),
    $defs: { substituted: { description: '${ENV} or ${file:PATH}', type: 'string', pattern: String.raw`\$\{` } },
  };
}

function publish(schema: JsonSchema): JsonSchema {
  const rest: JsonSchema = Object.fromEntries(Object.entries(schema).filter(([keyword]) => !ownKeywords.has(keyword)));
  const inner: JsonSchema = {
    ...rest,
    ...(rest.properties !== undefined && { properties: mapValues(rest.properties, publish) }),
    ...(rest.items !== undefined && { items: publish(rest.items) }),
    ...(typeof rest.additionalProperties === 'object' && { additionalProperties: publish(rest.additionalProperties) }),
    ...(rest.oneOf !== undefined && { oneOf: rest.oneOf.map(publish) }),
  };
  if (rest.anyOf !== undefined) return { ...inner, anyOf: [...rest.anyOf.map(publish), substituted] };
  if (!isLimitedScalar(rest)) return inner;
  // Any value may come from the environment, so a reference to it must pass where a number or a certain word is wanted.
  const { description, default: otherwise, ...limits } = inner;
  return {
    ...(description !== undefined && { description }),
    ...(otherwise !== undefined && { default: otherwise }),
    anyOf: [limits, substituted],
  };
}

const ownKeywords: ReadonlySet<string> = new Set(['unit', 'min', 'max']);

const substituted: JsonSchema = { $ref: '#/$defs/substituted' };

function isLimitedScalar(schema: JsonSchema): boolean {
  if (schema.type === 'number' || schema.type === 'integer' || schema.type === 'boolean') return true;
  return (
    schema.type === 'string' && (schema.enum !== undefined || schema.pattern !== undefined || schema['format'] !== undefined)
  );
}

/**
 * Every whole number is within the widest limits; saying so in each schema only hides the real ones. And a `format` beside a pattern
 * says the same in zod's own words.
 */
function dropNoise(schema: { minimum?: number; maximum?: number; format?: string; pattern?: string }): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.pattern !== undefined) delete schema.format;
}

/** zod leaves out the default of what is converted, as it is a value after conversion. An empty list is written as it is read. */
function keepEmptyDefault(value: unknown, schema: { default?: unknown }): void {
  if (Array.isArray(value) && value.length === 0) schema.default = [];
}

function mapValues<T>(record: Readonly<Record<string, T>>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
