/** What the pipelines of this hub did. Of several steps of one name the sum. */
import type { HubStatus } from '../../status/hub-status.ts';
import { counter, type OwnedMetric, type OwnedSample } from '../owned.ts';

type Step = HubStatus['pipelines'][number]['steps'][number];

export function pipelineMetrics({ pipeline, pipelines }: Pick<HubStatus, 'pipeline' | 'pipelines'>): OwnedMetric[] {
  const each = (valueOf: (step: Step) => number): OwnedSample[] =>
    pipelines.flatMap(({ pipeline: name, steps }) =>
      [...Map.groupBy(steps, ({ step }) => step)].map(([step, all]) => {
        return { labels: { pipeline: name, step }, value: all.reduce((sum, one) => sum + valueOf(one), 0) };
      }),
    );
  return [
    counter('tributary_hub_pipeline_batches_total', 'Batches that pipelines were done with.', pipeline.batches),
    counter('tributary_hub_pipeline_records_total', 'Their records.', pipeline.records),
    counter(
      'tributary_hub_pipeline_rejected_batches_total',
      'Batches that cannot be processed and were kept as dead letters.',
      pipeline.rejected,
    ),
    counter('tributary_hub_pipeline_waits_total', 'How often a full back topic made a pipeline wait.', pipeline.waits),
    counter(
      'tributary_hub_pipeline_stuck_threads_total',
      'How often a thread was ended because a batch held it up.',
      pipeline.stuck,
    ),
    counter(
      'tributary_hub_pipeline_step_records_total',
      'Records that each step had.',
      each((step) => step.in),
    ),
    counter(
      'tributary_hub_pipeline_step_failed_records_total',
      'Records that each step could not work on.',
      each(({ failed }) => failed),
    ),
    counter(
      'tributary_hub_pipeline_step_dropped_records_total',
      'Records that each step left out.',
      each(({ dropped }) => dropped),
    ),
  ];
}
