import * as z from 'zod';
import { assert } from '../assert.ts';
import type { Path } from './problem.ts';

type Schema = z.core.$ZodType;

/** The keys a schema accepts in the mapping at `path` of `data`, for suggestions. Empty where it is no mapping of known keys. */
export function keysAt(schema: Schema, path: Path, data: unknown): string[] {
  let candidates = formsOf(schema, data);
  let value = data;
  for (const part of path) {
    value = childOf(value, part);
    candidates = candidates.flatMap((candidate) => step(candidate, part)).flatMap((inner) => formsOf(inner, value));
  }
  return [...new Set(candidates.flatMap((candidate) => Object.keys(shapeOf(candidate))))];
}

/** What stands at `path` of `data`, or undefined. */
export function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const part of path) value = childOf(value, part);
  return value;
}

/**
 * Every mapping of a configuration must refuse keys it does not know: an option that is silently ignored is an option that
 * someone believes in. Checked of the schema itself, so that nobody can forget `strictObject`.
 */
export function assertStrict(schema: Schema): void {
  const seen = new Set<Schema>();
  const visit = (inner: Schema, path: string): void => {
    if (seen.has(inner)) return;
    seen.add(inner);
    for (const form of formsOf(inner, undefined)) {
      if (form instanceof z.ZodObject) {
        assert(form.def.catchall instanceof z.ZodNever, `the options at "${path}" are a strictObject`);
        for (const [key, child] of Object.entries(shapeOf(form))) visit(child, path === '' ? key : `${path}.${key}`);
      } else if (form instanceof z.ZodArray) visit(form.element, `${path}[]`);
      else if (form instanceof z.ZodRecord) visit(form.valueType, `${path}.*`);
    }
  };
  visit(schema, '');
}

/** The schemas behind defaults, pipes and unions that a value may be of; of a union with a discriminator only the one chosen. */
export function formsOf(schema: Schema, value: unknown): Schema[] {
  if (schema instanceof z.ZodPipe) return formsOf(schema.in instanceof z.ZodTransform ? schema.out : schema.in, value);
  if (schema instanceof z.ZodUnion) {
    const all = schema.options.flatMap((option) => formsOf(option, value));
    if (!(schema instanceof z.ZodDiscriminatedUnion)) return all;
    const { discriminator } = schema.def;
    const chosen = all.filter((option) => literals(shapeOf(option)[discriminator]).includes(childOf(value, discriminator)));
    return chosen.length > 0 ? chosen : all;
  }
  const inner = innerOf(schema);
  return inner === undefined ? [schema] : formsOf(inner, value);
}

function innerOf(schema: Schema): Schema | undefined {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodCatch) return schema.unwrap();
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNonOptional || schema instanceof z.ZodNullable)
    return schema.unwrap();
  if (schema instanceof z.ZodReadonly || schema instanceof z.ZodLazy) return schema.unwrap();
  return undefined;
}

function step(schema: Schema, part: string | number): Schema[] {
  if (schema instanceof z.ZodArray) return [schema.element];
  if (schema instanceof z.ZodRecord) return [schema.valueType];
  const inner = shapeOf(schema)[part];
  return inner === undefined ? [] : [inner];
}

function shapeOf(schema: Schema): Readonly<Record<string, Schema>> {
  return schema instanceof z.ZodObject ? schema.shape : {};
}

function literals(schema: Schema | undefined): readonly unknown[] {
  if (schema instanceof z.ZodEnum) return schema.options;
  return schema instanceof z.ZodLiteral ? [...schema.values] : [];
}

function childOf(value: unknown, part: string | number): unknown {
  if (value === null || typeof value !== 'object') return undefined;
  return Object.getOwnPropertyDescriptor(value, part)?.value as unknown;
}
