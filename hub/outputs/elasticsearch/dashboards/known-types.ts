/** What the configuration knows by name: log types, and the metrics that pipelines count. */
import { ConfigError, parseConfig } from '@tributary/shared/options/config-file.ts';
import * as z from 'zod';
import { pipelineSchema } from '../../../processing/definition/pipeline-schema.ts';
import type { PipelineSet } from '../../../processing/definition/pipeline-set.ts';
import type { PipelineMetric } from './grafana/prometheus-boards.ts';

/** Those that the output has, else those that pipelines are named for or chosen for. Not the platform's, which has dashboards of its own. */
export function knownTypes(set: PipelineSet, chosen: readonly string[] | undefined): string[] {
  const named = chosen ?? [...set.sources.map(({ name }) => name), ...set.rules.flatMap(({ type }) => type ?? [])];
  return [...new Set(named)].filter((type) => type !== 'platform' && type !== '*').toSorted();
}

const metricStep = z.object({ name: z.string(), kind: z.enum(['counter', 'histogram']) });

/** Of a pipeline that cannot be read nothing is known. */
export function pipelineMetrics({ sources }: PipelineSet, env: Readonly<Record<string, string | undefined>>): PipelineMetric[] {
  const found = new Map<string, PipelineMetric>();
  for (const { file, text } of sources) {
    try {
      for (const step of parseConfig({ file, text, schema: pipelineSchema, env }).steps) {
        const { data } = metricStep.safeParse(Reflect.get(step, 'metric'));
        if (data !== undefined) found.getOrInsert(data.name, data);
      }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
  }
  return [...found.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1));
}
