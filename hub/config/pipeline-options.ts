/** Which pipeline a log type has, and where pipelines' files are. */
import { bytesBetween, durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { tenantName, typeName } from './names.ts';

export const pipelineName = z.string().regex(/^[a-z0-9_]{1,50}$/, 'must be 1 to 50 of a-z, 0-9 and _');

export const pipelinesDir = z
  .string()
  .min(1)
  .default('/etc/tributary/pipelines')
  .describe(
    'Folder of pipelines: `NAME.yaml` each, and what they use beside them. One that is not there is empty; one that goes away later is missed, and its pipelines stay. Looked at again and again: what changes there holds at once.',
  );

export const pipelineRules = z
  .array(
    z.strictObject({
      tenant: tenantName.optional().describe('Only of this tenant.'),
      type: typeName.optional().describe('Only this log type.'),
      pipeline: z
        .union([z.literal('none'), pipelineName])
        .describe('A file in `pipelines_dir`, or a preset. `none`: records stay as they are.'),
    }),
  )
  .max(10_000)
  .default([])
  .describe(
    'What makes documents of records: the first that fits holds. A log type that none fits has the pipeline of its own name in `pipelines_dir`, and stays as it is where there is none.',
  );

export const scriptOptions = z.strictObject({
  time_limit: durationBetween({ min: '10ms', max: '30s' })
    .prefault('1s')
    .describe('What a script may take for one record. Then the record has failed, and the thread is started anew.'),
  memory_limit: bytesBetween({ min: '16MiB', max: '64GiB' })
    .prefault('512MiB')
    .describe('What a thread that runs scripts may have of memory. Then the record that it is at has failed.'),
});

export type ScriptOptions = z.output<typeof scriptOptions>;

export type PipelineRules = z.output<typeof pipelineRules>;
