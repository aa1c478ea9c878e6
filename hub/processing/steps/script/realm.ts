/**
 * Where a script runs: a realm of its own in the pipeline's thread, with only what the language itself has. It keeps a document from
 * depending on anything but its record, and one script from another. It is no wall against who writes scripts: they are as trusted as the
 * hub's configuration.
 */
import { compileFunction, constants, type Context, createContext } from 'node:vm';
import type { FieldValue } from '../../record/fields.ts';
import type { PipelineRecord, RecordSource } from '../../record/record.ts';
import { realmGlobals, realmText } from './realm-text.ts';

/** Fields may stand so deep within each other, to the script and back. */
export const depthMax = 500;

export interface Realm {
  readonly context: Context;
  /** The script's own copy of it. Throws where its fields are too deep. */
  recordOf(record: PipelineRecord, meta: unknown): unknown;
  metaOf(meta: Readonly<Record<string, FieldValue>>): unknown;
  /** Of objects that are plain there. */
  readonly prototypes: readonly unknown[];
}

export function makeRealm(): Realm {
  // Promises are never settled there: what a script put off would run in no step, at no record.
  const context = createContext(constants.DONT_CONTEXTIFY, {
    codeGeneration: { strings: false, wasm: false },
    microtaskMode: 'afterEvaluate',
  });
  const prepare = compileFunction(realmText, ['names', 'depthMax'], { parsingContext: context, filename: 'realm' });
  const made: Omit<Realm, 'context'> = prepare(realmGlobals, depthMax);
  return { context, ...made };
}

/** What a script is told of where a record came from. */
export function metaOf({ attributes, path, tenant, type, receivedMs }: RecordSource): Readonly<Record<string, FieldValue>> {
  const { host, labels } = attributes;
  return { host, source: path, labels, tenant, type, received: receivedMs };
}
