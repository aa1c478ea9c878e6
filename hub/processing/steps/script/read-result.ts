/** What a script returned, checked and copied: its documents. */
import type { MutableFields } from '../../record/fields.ts';
import type { Destination, PipelineRecord } from '../../record/record.ts';
import { typeName } from '../../../config/names.ts';
import { indexName, outputNames, unknownOutput } from '../route.ts';
import { kindOf, type PlainValues, ResultError } from './plain-value.ts';

export interface MadeDocument {
  readonly fields: MutableFields;
  readonly eventMs: number | undefined;
  readonly destination: Destination | undefined;
}

export const documentsMax = 10_000;
/** As far as a Date goes. */
const timeMax = 8.64e15;
const members: ReadonlySet<string> = new Set(['fields', 'message', 'time', 'type', 'index', 'outputs']);

export interface ResultReader {
  readonly values: PlainValues;
  /** Those that there are; undefined where nobody knows. */
  readonly outputs: readonly string[] | undefined;
}

/** Undefined: nothing is left of it. Throws a ResultError, and whatever the script's own objects throw. */
export function readResult(
  result: unknown,
  record: PipelineRecord,
  reader: ResultReader,
): MadeDocument | readonly MadeDocument[] | undefined {
  reader.values.begin();
  if (result === undefined) return undefined;
  if (!Array.isArray(result)) return documentOf(result, record, reader);
  if (result.length > documentsMax) throw new ResultError(`it returned more than ${documentsMax} records`);
  return Array.from(result as readonly unknown[], (one) => documentOf(one, record, reader));
}

/** What it says nothing of is the record's, but for its fields. */
function documentOf(given: unknown, record: PipelineRecord, { values, outputs }: ResultReader): MadeDocument {
  if (!values.isPlain(given))
    throw new ResultError(`it returned ${kindOf(given)}: a record, a list of records, or undefined to drop it`);
  for (const name in given) {
    if (Object.hasOwn(given, name) && !members.has(name))
      throw new ResultError(
        `it returned a record with \`${name.slice(0, 50)}\`, which none has: what a document holds is in \`fields\``,
      );
  }
  const fields = fieldsOf(given, values);
  const time = given['time'];
  if (time !== undefined && (typeof time !== 'number' || !(Math.abs(time) <= timeMax)))
    throw new ResultError(`time is ${typeof time === 'number' ? time : kindOf(time)}: milliseconds since 1970, or undefined`);
  return {
    fields,
    eventMs: 'time' in given ? time : record.eventMs,
    destination: destinationOf(given, record, outputs),
  };
}

function fieldsOf(given: Readonly<Record<string, unknown>>, values: PlainValues): MutableFields {
  const { fields } = given;
  if (fields !== undefined && !values.isPlain(fields)) throw new ResultError(`fields is ${kindOf(fields)}: a plain object`);
  let made: MutableFields;
  try {
    made = fields === undefined ? {} : values.fieldsOf(fields);
  } catch (error) {
    if (!(error instanceof ResultError)) throw error;
    throw new ResultError(`fields.${error.path.join('.').slice(0, 200)} ${error.message}`, { cause: error });
  }
  if (!Object.hasOwn(given, 'message')) return made;
  const { message } = given;
  if (typeof message !== 'string') throw new ResultError(`message is ${kindOf(message)}: text`);
  made['message'] = message;
  return made;
}

function destinationOf(
  given: Readonly<Record<string, unknown>>,
  record: PipelineRecord,
  known: readonly string[] | undefined,
): Destination | undefined {
  const { destination: before } = record;
  const type = 'type' in given ? given['type'] : before?.type;
  const index = 'index' in given ? given['index'] : before?.index;
  const outputs = 'outputs' in given ? given['outputs'] : before?.outputs;
  if (type === undefined && index === undefined && outputs === undefined) return undefined;
  return {
    ...(type !== undefined && type !== record.source.type && { type: checked('type', typeName.safeParse(type)) }),
    ...(index !== undefined && { index: checked('index', indexName.safeParse(index)) }),
    ...(outputs !== undefined && { outputs: existing(checked('outputs', outputNames.safeParse(outputs)), known) }),
  };
}

/** A document for an output that there is not would go nowhere. */
function existing(wanted: readonly string[], known: readonly string[] | undefined): readonly string[] {
  const unknown = unknownOutput(wanted, known);
  if (unknown !== undefined) throw new ResultError(`outputs: ${unknown.message}`);
  return wanted;
}

function checked<Value>(
  name: string,
  result:
    | { readonly success: true; readonly data: Value }
    | { readonly success: false; readonly error: { readonly issues: readonly { readonly message: string }[] } },
): Value {
  if (result.success) return result.data;
  throw new ResultError(`${name}: ${result.error.issues[0]?.message ?? 'is none'}`);
}
