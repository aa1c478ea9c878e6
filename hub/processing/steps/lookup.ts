import * as z from 'zod';
import { type Cell, readTable } from '../files/table.ts';
import type { FieldPath, FieldValue } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';
import { fieldPath } from './options.ts';
import { defineStep } from './step.ts';

const column = z.string().min(1).max(200);

const options = z
  .strictObject({
    file: z
      .string()
      .min(1)
      .describe(
        'A table beside the pipeline: `.csv`, whose first line names the columns, or `.json`, a list of objects or an object of objects. Read again when it changes; when it is gone, what it held last is used.',
      ),
    format: z.enum(['csv', 'json']).optional().describe("As the file's name says unless given."),
    by: z
      .record(column, fieldPath)
      .describe('Which row is meant: columns, and the fields that have what they hold. Of several rows that fit, the first one.'),
    set: z.record(column, fieldPath).describe('Columns of the row, and the fields that they go to.'),
    default: z
      .record(column, z.union([z.string(), z.number(), z.boolean()]))
      .default({})
      .describe('What columns hold where there is no row, or nothing in it.'),
    ignore_case: z.boolean().default(false).describe('Whether large and small letters are the same.'),
  })
  .superRefine(({ file, format, by, set, default: others }, context) => {
    const problem = (path: string[], message: string): void => context.addIssue({ code: 'custom', path, message });
    if (format === undefined && formatOf(file) === undefined)
      problem(['format'], "is needed: the file's name ends with neither .csv nor .json");
    if (Object.keys(by).length === 0) problem(['by'], 'must name a column');
    if (Object.keys(set).length === 0) problem(['set'], 'must name a column');
    for (const name of Object.keys(others)) if (!Object.hasOwn(set, name)) problem(['default', name], 'is no column of `set`');
  });

/** A record that has not all of the fields is one without a row. */
export const lookup = defineStep({
  name: 'lookup',
  summary: 'Looks something up in a table, and adds what the table has.',
  options,
  make({ file, format, by, set, default: others, ignore_case: ignoreCase }, context) {
    const keys = Object.keys(by);
    const keyFields = Object.values(by);
    const wanted = Object.entries(set).map(([name, path]) => ({ name, path, otherwise: others[name] }));
    const columns = wanted.map(({ name }) => name);
    const request = { format: format ?? formatOf(file) ?? 'csv', keys, columns, ignoreCase };
    const table = context.watchFile({ path: file, option: ['file'], read: (bytes) => readTable(bytes, request) });
    return {
      run(record): void {
        const values = valuesOf(record, keyFields);
        const row: ReadonlyMap<string, Cell> | undefined = values === undefined ? undefined : table.content.find(values);
        for (const { name, path, otherwise } of wanted) {
          const value: FieldValue | undefined = row?.get(name) ?? otherwise;
          if (value !== undefined) record.set(path, value);
        }
      },
    };
  },
});

function valuesOf(record: PipelineRecord, fields: readonly FieldPath[]): string[] | undefined {
  const values: string[] = [];
  for (const path of fields) {
    const value = record.get(path);
    if (value === undefined || value === null || typeof value === 'object') return undefined;
    values.push(String(value));
  }
  return values;
}

function formatOf(file: string): 'csv' | 'json' | undefined {
  const [, ending] = /\.(csv|json)$/i.exec(file) ?? [];
  return ending === undefined ? undefined : ending.toLowerCase() === 'csv' ? 'csv' : 'json';
}
