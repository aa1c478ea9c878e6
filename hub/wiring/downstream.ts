/** Where records go from the queue on: the outputs, and the pipelines before them. */
import { availableParallelism } from 'node:os';
import type { HubOptions } from '../options.ts';
import { OutputNotes } from '../outputs/output-notes.ts';
import { Outputs } from '../outputs/outputs.ts';
import type { PipelineSet } from '../processing/definition/pipeline-set.ts';
import { pipelineThreadsMax } from '../processing/limits.ts';
import { Processing } from '../processing/processing.ts';
import { Current } from '../reload/current.ts';
import type { Foundation } from './foundation.ts';
import type { HubFrame } from './hub-frame.ts';

export interface Downstream {
  readonly notes: OutputNotes;
  readonly outputs: Outputs;
  readonly processing: Processing;
  /** As the configuration has it now. */
  readonly retention: Current<HubOptions['housekeeping']['retention']>;
}

/** `snapshot` is this site's health, for the site above. */
export async function startDownstream(
  frame: HubFrame,
  foundation: Foundation,
  snapshot: () => Promise<unknown>,
): Promise<Downstream> {
  const { options } = frame.parts;
  const { store, registry } = foundation;
  const pipelines = new Current<PipelineSet>();
  const retention = new Current<HubOptions['housekeeping']['retention']>();
  retention.use(options.housekeeping.retention);
  const notes = new OutputNotes({ queue: store.queue, cluster: store.cluster, registry });
  const outputs = await startOutputs(frame, foundation, { notes, snapshot, pipelines, retention });
  const processing = await startProcessing(frame, foundation, { outputs, pipelines });
  store.cluster.tell({ works: options.cluster.roles.includes('work') });
  return { notes, outputs, processing, retention };
}

interface OutputsParts extends Pick<Downstream, 'notes' | 'retention'> {
  readonly snapshot: () => Promise<unknown>;
  readonly pipelines: Current<PipelineSet>;
}

async function startOutputs(
  frame: HubFrame,
  { store, telling, registry }: Foundation,
  { notes, snapshot, pipelines, retention }: OutputsParts,
): Promise<Outputs> {
  const { options, logger, crashPoint } = frame.parts;
  const { queue, cluster, siteId, hubId } = store;
  const own = {
    dataDir: options.data_dir,
    durability: options.queue.durability,
    logger,
    crashPoint,
    clock: frame.clock,
    snapshot,
    site: store.kind === 'redis' ? registry : undefined,
    pipelines,
    retention,
  };
  const common = { queue, cluster, siteId, hubId, findings: telling.findings, events: telling.events, notes };
  const outputs = frame.use('outputs', await Outputs.start({ ...own, ...common }, options.outputs));
  telling.reportTo(outputs);
  return outputs;
}

async function startProcessing(
  frame: HubFrame,
  { store, registry, telling, redactions }: Foundation,
  { outputs, pipelines }: Pick<Downstream, 'outputs'> & Pick<OutputsParts, 'pipelines'>,
): Promise<Processing> {
  const { options, logger, crashPoint } = frame.parts;
  const { queue, cluster, hubId } = store;
  const processing = frame.use(
    'processing',
    await Processing.start({
      options,
      queue,
      cluster,
      site: cluster,
      clock: frame.clock,
      logger,
      hubId,
      owner: hubId,
      // One more than the machine has to give: a thread that starts only when a second channel wants one.
      size: 1 + Math.max(1, Math.min(pipelineThreadsMax, availableParallelism() - 1)),
      burst: frame.burst,
      registry,
      findings: telling.findings,
      redactions,
      current: pipelines,
      crashPoint,
      prepare: (channel) => outputs.prepare(channel),
      onCounted: (_, { metrics }) => telling.metrics.add(metrics),
    }),
  );
  frame.run('pipelines', (signal) => processing.run(signal));
  return processing;
}
