/**
 * What an expression reads of a record. Each name in an expression becomes a variable of the library's (`_0`, `_1`) with one type, whose
 * value is read before the expression is evaluated: nothing else of the document is touched.
 */
import { type FieldPath, fieldAt, type FieldValue } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';
import type { FieldType } from './field-types.ts';
import { celTypeOf } from './field-values.ts';

export interface Slot {
  /** As in the expression. */
  readonly text: string;
  /** As the library has it. */
  readonly type: string;
  /** Undefined: it is not there. A Mistyped: it is, but is nothing of the type. */
  readonly read: (record: PipelineRecord) => unknown;
  /** Whether there is anything, where that is told sooner than what it is. */
  readonly isThere?: (record: PipelineRecord) => boolean;
  /** The value as the document holds it, of whatever type. */
  readonly stored?: (record: PipelineRecord) => FieldValue | undefined;
}

export function fieldSlot(text: string, path: FieldPath, type: FieldType): Slot {
  const { name, convert } = celTypeOf(type);
  return {
    text,
    type: name,
    read: ({ fields }) => {
      const value = fieldAt(fields, path);
      return value === undefined || value === null ? undefined : convert(value);
    },
    isThere: ({ fields }) => {
      const value = fieldAt(fields, path);
      return value !== undefined && value !== null;
    },
    stored: ({ fields }) => fieldAt(fields, path),
  };
}

/** A value of any type, at a path that nobody declared. Here a null is one. */
export function anySlot(text: string, path: FieldPath): Slot {
  return { text, type: 'dyn', read: ({ fields }): FieldValue | undefined => fieldAt(fields, path) };
}

export const allFieldsSlot: Slot = { text: 'fields', type: 'map<string, dyn>', read: ({ fields }) => fields };

/** `message` is what a parsing step would read. */
export const messageSlot: Slot = { text: 'message', type: 'string', read: ({ text }) => text, stored: ({ text }) => text };

export function labelSlot(text: string, name: string): Slot {
  return {
    text,
    type: 'string',
    read: ({ source: { attributes } }) => (Object.hasOwn(attributes.labels, name) ? attributes.labels[name] : undefined),
  };
}

/** Whether another slot has something. */
export function presenceSlot({ text, read, isThere = (record) => read(record) !== undefined }: Slot): Slot {
  return { text: `has(${text})`, type: 'bool', read: isThere };
}

/** Whether there is an object at a path of which only the fields have names. */
export function objectPresenceSlot(text: string, path: FieldPath): Slot {
  return presenceSlot({ text, type: 'dyn', read: ({ fields }) => fieldAt(fields, path) ?? undefined });
}

const timestamp = 'google.protobuf.Timestamp';

/** What is known of a record besides its fields: the members of `record`. */
export const recordSlots: Readonly<Record<string, Omit<Slot, 'text'>>> = {
  host: { type: 'string', read: ({ source }) => source.attributes.host },
  source: { type: 'string', read: ({ source }) => source.path },
  labels: { type: 'map<string, string>', read: ({ source }) => source.attributes.labels },
  tenant: { type: 'string', read: ({ source }) => source.tenant },
  type: { type: 'string', read: ({ source }) => source.type },
  raw: { type: 'string', read: ({ rawText }) => rawText },
  bytes: { type: 'int', read: ({ raw }) => BigInt(raw.byteLength) },
  ordinal: { type: 'int', read: ({ ordinal }) => BigInt(ordinal) },
  received: { type: timestamp, read: ({ source }) => new Date(source.receivedMs) },
  time: { type: timestamp, read: ({ eventMs }) => (eventMs === undefined ? undefined : new Date(eventMs)) },
};
