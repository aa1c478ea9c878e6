/** What a pipeline's file may hold: made from the registry of steps, so that a new step is one line there. */
import * as z from 'zod';
import { pipelineName } from '../../config/pipeline-options.ts';
import { fieldTypes } from '../conditions/field-types.ts';
import { parseFieldPath } from '../record/fields.ts';
import { stepDefinitions } from '../steps/registry.ts';
import { timeZone } from '../steps/time/zone-option.ts';

/** What becomes of a record that a step cannot work on. */
export const failureActions = ['route', 'keep', 'drop'] as const;
export type FailureAction = (typeof failureActions)[number];

const common = {
  name: z.string().min(1).max(100).optional().describe('What counts, errors and `try` call this step. Its kind unless named.'),
  description: z.string().optional().describe('For people.'),
  when: z.string().min(1).optional().describe('A condition in CEL. Of other records the step sees nothing.'),
  on_error: z
    .enum(failureActions)
    .default('route')
    .describe(
      'What becomes of a record that the step cannot work on. `route`: it goes to the log type `errors`, with its line and the reason. `keep`: it gets the reason, and goes on. `drop`: it is counted, and gone.',
    ),
  preset: pipelineName.optional().describe('All steps of a preset, in this place.'),
  timezone: timeZone
    .optional()
    .describe(
      'Of a preset only: the zone of times in its logs that do not say theirs, such as Europe/Vienna or +02:00. UTC unless named.',
    ),
};

const stepKeys = Object.fromEntries(
  stepDefinitions.map(({ name, summary, options }) => [name, options.nullable().optional().describe(summary)]),
);

/** The keys of which each step has one. */
export const stepKinds: readonly string[] = ['preset', ...stepDefinitions.map(({ name }) => name)];

export const pipelineStep = z.strictObject({ ...stepKeys, ...common }).superRefine((value, context) => {
  const kinds = stepKinds.filter((kind) => Reflect.get(value, kind) !== undefined);
  if (value.timezone !== undefined && value.preset === undefined)
    context.addIssue({ code: 'custom', path: ['timezone'], message: 'is of a preset only: a step has it among its own options' });
  if (kinds.length === 1) return;
  // What is misspelt is told as that.
  if (kinds.length === 0 && context.issues.length > 0) return;
  const message =
    kinds.length === 0 ? 'names no step' : `names ${kinds.length} steps (${kinds.join(', ')}): each has an item of its own`;
  context.addIssue({ code: 'custom', message });
});

/** Names of conditions that stand for something else. */
const takenNames: ReadonlySet<string> = new Set(['record', 'fields']);

const ownFieldName = z.string().superRefine((name, context) => {
  const [first = ''] = name.split('.');
  const problem = (message: string): void => context.addIssue({ code: 'custom', message });
  if (parseFieldPath(name) === undefined || /[\s\p{Cc}]/u.test(name)) {
    const meant = name.split('.').map((one) => one.replaceAll(/[\s\p{Cc}]+/gu, '_').replaceAll(/^_+|_+$/g, ''));
    const near = parseFieldPath(meant.filter((one) => one !== '').join('.'))?.join('.');
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    problem(`must be names with dots between them, such as app.duration${hint}`);
  } else if (takenNames.has(first)) problem(`must not begin with ${first}, which is something else in conditions`);
});

export const ownFields = z
  .record(ownFieldName, z.enum(fieldTypes))
  .default({})
  .describe('Fields that ECS has not, and their types: what conditions may name.');

export const pipelineSchema = z.strictObject({
  description: z.string().optional().describe('For people.'),
  fields: ownFields,
  steps: z.array(pipelineStep).min(1).max(200).describe('What is done with each record, in this order.'),
});

export type PipelineFile = z.output<typeof pipelineSchema>;
