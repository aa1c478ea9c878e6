import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { PipelineRecord, RecordSource } from '../../record/record.ts';
import { defineStep, StepError, StepOptionError, type StepResult } from '../step.ts';
import { type CompiledScript, compileScript, ScriptProblem } from './compile-script.ts';
import { PlainValues, ResultError } from './plain-value.ts';
import { metaOf } from './realm.ts';
import { type MadeDocument, readResult } from './read-result.ts';
import { placeOf, reasonOf } from './script-error.ts';

const options = z
  .strictObject({
    file: z
      .string()
      .min(1)
      .optional()
      .describe('A TypeScript file beside the pipeline. When it changes, the pipeline is made anew.'),
    code: z.string().min(1).optional().describe('The script itself, instead of a file.'),
  })
  .refine(({ file, code }) => (file === undefined) !== (code === undefined), 'needs either file or code');

/**
 * The script works on a copy of the record in a realm of its own, and what it returns is copied back: a record that it fails at is
 * unchanged, and nothing of it can be changed afterwards.
 */
export const script = defineStep({
  name: 'script',
  summary: 'Runs a TypeScript function: it gets the record, and returns it changed, a list of records, or nothing to drop it.',
  options,
  make({ file, code }, { readFile, scriptTimeLimitMs, outputsNow }) {
    const option = file === undefined ? 'code' : 'file';
    const name = file ?? 'code';
    const compiled = compiledOr(code ?? textOf(readFile(file ?? '', ['file'])), name, option);
    const run = runnerOf(compiled, { name, outputs: outputsNow });
    return { timeLimitMs: scriptTimeLimitMs, run };
  },
});

const utf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new StepOptionError(['file'], 'names a file that is not UTF-8 text', { cause });
  }
}

function compiledOr(text: string, name: string, option: string): CompiledScript {
  try {
    return compileScript(text, name);
  } catch (error) {
    if (error instanceof ScriptProblem) throw new StepOptionError([option], error.message, { cause: error });
    throw error;
  }
}

function runnerOf(
  { realm, call }: CompiledScript,
  { name, outputs }: { readonly name: string; readonly outputs: readonly string[] | undefined },
): (record: PipelineRecord) => StepResult {
  const values = new PlainValues(realm);
  let source: RecordSource | undefined;
  let meta: unknown;
  return (record) => {
    if (source !== record.source) {
      source = record.source;
      meta = realm.metaOf(metaOf(source));
    }
    let made: ReturnType<typeof readResult>;
    try {
      made = readResult(call(realm.recordOf(record, meta)), record, { values, outputs });
    } catch (error) {
      const said =
        error instanceof ResultError ? `${name}: ${error.message}` : `${placeOf(error, name) ?? name}: ${reasonOf(error)}`;
      throw new StepError('script', said, { cause: error });
    }
    if (made === undefined) return 'drop';
    if (!isList(made)) return change(record, made);
    return made.map((document) => Object.assign(record.sibling(document.fields), destinyOf(document)));
  };
}

function isList(made: MadeDocument | readonly MadeDocument[]): made is readonly MadeDocument[] {
  return Array.isArray(made);
}

function change(record: PipelineRecord, { fields, eventMs, destination }: MadeDocument): void {
  // Fields that are the record's own JSON need not be stored a second time.
  if (!record.isRawJson || !isDeepStrictEqual(fields, record.fields)) record.replace(fields);
  record.eventMs = eventMs;
  record.destination = destination;
}

function destinyOf({ eventMs, destination }: MadeDocument): Pick<PipelineRecord, 'eventMs' | 'destination'> {
  return { eventMs, destination };
}
