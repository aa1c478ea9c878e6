import type { MetricChange } from './step.ts';

/** How a step that leaves documents out tells how many: as a counter. */
export function suppressedMetric(pipeline: string, step: 'dedupe' | 'throttle'): MetricChange {
  return {
    name: 'tributary_hub_pipeline_suppressed_total',
    kind: 'counter',
    help: 'Documents that dedupe and throttle steps left out.',
    labels: { pipeline, step },
    value: 1,
  };
}
