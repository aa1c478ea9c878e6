/** The hub's own process. */
import type { HistogramFigures } from '@tributary/shared/prometheus/exposition.ts';
import { histogramSamples } from '@tributary/shared/prometheus/exposition.ts';
import type { HubStatus } from '../../status/hub-status.ts';
import type { OpenFiles } from '../linux-open-files.ts';
import { counter, gauge, type OwnedMetric } from '../owned.ts';

export interface ProcessFacts {
  /** Undefined where the system does not tell. */
  readonly openFiles: OpenFiles | undefined;
  readonly loopLag: HistogramFigures;
}

export function processMetrics(
  { version, state, startedMs, site, queue }: Pick<HubStatus, 'version' | 'state' | 'startedMs' | 'site' | 'queue'>,
  { openFiles, loopLag }: ProcessFacts,
): OwnedMetric[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  const isReady = state === 'ready' && queue.state === 'open';
  return [
    gauge('tributary_hub_build_info', 'The version that runs.', [{ labels: { version, node: process.versions.node }, value: 1 }]),
    gauge('tributary_hub_info', 'Which hub of which site this is.', [
      { labels: { site_name: site.name, hub_id: site.hubId }, value: 1 },
    ]),
    gauge('tributary_hub_start_time_seconds', 'When the hub was started, in seconds since 1970.', startedMs / 1000),
    gauge('tributary_hub_ready', '1 while records are taken in.', isReady ? 1 : 0),
    counter('tributary_hub_process_cpu_seconds_total', 'Processor time of the hub.', (user + system) / 1e6),
    gauge('tributary_hub_process_resident_memory_bytes', 'Memory of the hub that is resident.', rss),
    gauge('tributary_hub_process_heap_bytes', 'Memory that the main thread has for objects.', heapTotal),
    gauge('tributary_hub_process_heap_used_bytes', 'What of it is in use.', heapUsed),
    gauge('tributary_hub_process_external_memory_bytes', 'Memory of buffers and the like, beside it.', external),
    gauge('tributary_hub_process_open_fds', 'Files and sockets that are open.', openFiles?.open),
    gauge('tributary_hub_process_max_fds', 'How many may be open.', openFiles?.max),
    {
      name: 'tributary_hub_event_loop_lag_seconds',
      type: 'histogram',
      help: 'How late a timer of the main thread was, four times a second.',
      samples: histogramSamples({}, loopLag),
    },
  ];
}
