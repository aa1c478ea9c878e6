import * as z from 'zod';
import type { FieldPath } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';
import { fieldPath } from './options.ts';
import { defineStep, StepError } from './step.ts';

/** As Prometheus has them; a colon is for its own rules. */
const metricName = z
  .string()
  .regex(/^[a-zA-Z_][a-zA-Z0-9_]{0,199}$/, 'must be letters, digits and _, and not begin with a digit')
  .refine((name) => !name.startsWith('tributary_'), "must not begin with tributary_: the hub's own names do");
const labelName = z
  .string()
  .regex(/^(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,99}$/, 'must be letters, digits and _, and begin neither with a digit nor with __');

/** Seconds, as most times are. */
const bucketsDefault = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const ownLabels = ['tenant', 'type', 'le'];

const options = z
  .strictObject({
    name: metricName.describe('Such as `http_requests_total`.'),
    kind: z
      .enum(['counter', 'histogram'])
      .default('counter')
      .describe('A counter adds up; a histogram tells how values are spread.'),
    help: z.string().min(1).max(500).optional().describe('What it counts, for people.'),
    value: fieldPath
      .optional()
      .describe(
        'The number that is added or observed. Each document counts as one unless named; where a document has no such field it is not counted.',
      ),
    labels: z
      .record(labelName, fieldPath)
      .default({})
      .describe(
        'Names, and the fields that have their values. `tenant` and `type` are there always. Few different values: beyond 1,000 series further ones are counted under `other`.',
      ),
    buckets: z
      .array(z.number())
      .min(1)
      .max(50)
      .optional()
      .describe('Upper bounds of a histogram, ascending. From 0.005 to 10 unless given.'),
  })
  .superRefine(({ kind, value, labels, buckets }, context) => {
    const problem = (path: string[], message: string): void => context.addIssue({ code: 'custom', path, message });
    if (kind === 'histogram' && value === undefined) problem(['value'], 'is needed for a histogram');
    if (kind === 'counter' && buckets !== undefined) problem(['buckets'], 'are of a histogram');
    if (buckets?.some((bound, index) => index > 0 && bound <= (buckets[index - 1] ?? bound)) === true)
      problem(['buckets'], 'must be ascending');
    for (const name of ownLabels)
      if (Object.hasOwn(labels, name)) problem(['labels', name], 'is there already, or has a meaning of its own');
    if (Object.keys(labels).length > 10) problem(['labels'], 'are too many: 10 at most');
  });

const labelCharactersMax = 100;

/** What is counted is told when the batch of the document is committed: each document once. */
export const metric = defineStep({
  name: 'metric',
  summary: 'Counts documents, or numbers in them, for Prometheus and for the platform events.',
  options,
  make({ name, kind, help = 'Counted by a pipeline.', value, labels, buckets }) {
    const named = Object.entries(labels);
    const form = kind === 'histogram' ? { kind, buckets: buckets ?? bucketsDefault } : { kind };
    return {
      run(record, run): void {
        const number = value === undefined ? 1 : numberAt(record, value, kind);
        if (number === undefined) return;
        const { tenant, type } = record.source;
        const values: Record<string, string> = { tenant, type };
        for (const [label, path] of named) values[label] = labelOf(record, path);
        run.count({ name, help, ...form, labels: values, value: number });
      },
    };
  },
});

function numberAt(record: PipelineRecord, path: FieldPath, kind: 'counter' | 'histogram'): number | undefined {
  const value = record.get(path);
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) throw new StepError('no_number', `${path.join('.')} is no number`);
  if (kind === 'counter' && number < 0) throw new StepError('no_number', `${path.join('.')} is negative: a counter only grows`);
  return number;
}

function labelOf(record: PipelineRecord, path: FieldPath): string {
  const value = record.get(path);
  if (value === undefined || value === null || typeof value === 'object') return '';
  const text = String(value).slice(0, labelCharactersMax);
  return text.isWellFormed() ? text : text.toWellFormed();
}
