/**
 * The metrics input: measures the machine and its containers on intervals, and pushes JSON documents as records of a stream in the
 * channel `<tenant>/platform`. It begins a new stream at every start, as nothing of it can be measured again.
 *
 * A set that cannot be measured is told once, and asked again with every turn; the others go on. While the sink has no room nothing is
 * measured: the time is a hole in the metrics, not a queue.
 */
import type { Teller } from '@tributary/protocol/platform/document.ts';
import { type MachineMeasured, machineMeasured } from '@tributary/protocol/platform/machine-measured.ts';
import { productVersion } from '@tributary/shared/build-info.ts';
import { type Metric, metricDocument } from '../../platform/document.ts';
import { channelType, endEarlierStreams } from '../../platform/channel.ts';
import { CountedStream } from '../counted-stream.ts';
import type { Input, SourceStatus } from '../input.ts';
import type { InputParts } from '../registry.ts';
import { ElasticsearchOutput } from './elasticsearch/elasticsearch-output.ts';
import { linuxSets } from './linux/linux-sets.ts';
import { MachineSample } from './machine-sample.ts';
import type { MetricSet } from './metric-set.ts';
import type { MetricsInputOptions } from './options.ts';
import { nextDueMs, periodMsOf } from './schedule.ts';

export function createMetricsInput(parts: InputParts<MetricsInputOptions>): Input {
  return new MetricsInput(parts);
}

interface Planned {
  readonly set: MetricSet;
  readonly periodMs: number;
  dueMs: number;
  failed: boolean;
}

const nanosecondsPerMs = 1e6;

class MetricsInput implements Input {
  readonly name: string;
  readonly #parts: InputParts<MetricsInputOptions>;
  readonly #teller: Teller;
  readonly #tenant: string;
  #stream: CountedStream | undefined;
  #output: ElasticsearchOutput | undefined;

  constructor(parts: InputParts<MetricsInputOptions>) {
    const { name, options, defaults, sink } = parts;
    this.name = name;
    this.#parts = parts;
    this.#tenant = options.tenant ?? defaults.tenant;
    const labels = { ...defaults.labels, ...options.labels };
    this.#teller = { host: defaults.host, agentId: parts.agentId, version: productVersion(), labels };
    sink.onReplaced((streamId, replacement) => {
      if (this.#stream?.streamId === streamId) this.#stream.replaced(replacement);
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { options, clock, events } = this.#parts;
    await using owned = new AsyncDisposableStack();
    const planned = (await setsOf(this.#parts)).map((set): Planned => {
      return { set, periodMs: periodMsOf(set.name, options), dueMs: clock.monotonic(), failed: false };
    });
    if (options.elasticsearch !== undefined) {
      this.#output = new ElasticsearchOutput({ ...options.elasticsearch, tenant: this.#tenant, clock, events });
      owned.use(this.#output);
    }
    if (options.elasticsearch?.only !== true) await this.#openStream();
    try {
      while (!signal.aborted) {
        await this.#measureDue(planned, signal);
        const waitMs = Math.min(...planned.map(({ dueMs }) => dueMs)) - clock.monotonic();
        if (waitMs > 0) await clock.sleep(waitMs, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#stream?.end();
      this.#stream = undefined;
      this.#output = undefined;
    }
  }

  sources(): readonly SourceStatus[] {
    const stream = this.#stream;
    if (stream === undefined) return [];
    return [{ path: this.name, streamId: stream.streamId, position: stream.position, size: stream.position, state: 'reading' }];
  }

  /** Nothing waits to be read. */
  async drained(): Promise<void> {
    await Promise.resolve();
  }

  async #openStream(): Promise<void> {
    const { sink, options } = this.#parts;
    const { host, labels } = this.#teller;
    const attributes = { tenant: this.#tenant, type: channelType, host, encoding: 'utf-8', labels };
    endEarlierStreams(sink, this.name);
    this.#stream = await CountedStream.open({ sink, path: this.name, attributes, overflow: options.overflow });
  }

  async #measureDue(planned: readonly Planned[], signal: AbortSignal): Promise<void> {
    const { clock, sink } = this.#parts;
    const [nowMs, startMs] = [clock.now(), clock.monotonic()];
    const documents: string[] = [];
    const sample = new MachineSample();
    for (const plan of planned) {
      if (plan.dueMs > clock.monotonic()) continue;
      documents.push(...(await this.#measure(plan, sample)));
      plan.dueMs = nextDueMs(plan.dueMs, plan.periodMs, clock.monotonic());
    }
    if (sample.measured !== undefined) {
      const at = { nowMs, periodMs: this.#parts.options.interval, durationNs: durationNs(clock.monotonic() - startMs) };
      documents.push(metricDocument(machineMetric(sample.measured), this.#teller, at));
    }
    if (documents.length === 0 || signal.aborted) return;
    const lengths = documents.map((document) => Buffer.byteLength(document));
    const hasRoom = this.#stream?.push({ bytes: Buffer.from(documents.join('')), lengths }) ?? true;
    if (!hasRoom) await sink.ready(signal);
  }

  async #measure(plan: Planned, sample: MachineSample): Promise<readonly string[]> {
    const { clock, events } = this.#parts;
    const { set, periodMs } = plan;
    const place = `${this.name} ${set.name}`;
    const nowMs = clock.now();
    const startMs = clock.monotonic();
    try {
      const metrics = await set.measure({ monotonicMs: startMs, nowMs });
      const at = { nowMs, periodMs, durationNs: durationNs(clock.monotonic() - startMs) };
      if (plan.failed) events.sourceRecovered(place);
      plan.failed = false;
      for (const metric of metrics) sample.add(metric, periodMs);
      return metrics.map((metric) => this.#document(metric, at));
    } catch (error) {
      if (!plan.failed) events.sourceFailed(place, error instanceof Error ? error : new Error(String(error)));
      plan.failed = true;
      return [];
    }
  }

  #document(metric: Metric, at: { readonly nowMs: number; readonly periodMs: number; readonly durationNs: number }): string {
    const document = metricDocument(metric, this.#teller, at);
    this.#output?.add(metric.dataset, document);
    return document;
  }
}

function machineMetric(machine: MachineMeasured): Metric {
  return { dataset: machineMeasured, metricset: 'machine', fields: { tributary: { machine } } };
}

function durationNs(ms: number): number {
  return Math.round(ms * nanosecondsPerMs);
}

async function setsOf(parts: InputParts<MetricsInputOptions>): Promise<readonly MetricSet[]> {
  // The executables are for Linux: the packaging leaves out what this condition keeps from being loaded there.
  if (process.platform !== 'linux') {
    const { otherSets } = await import('./other.ts');
    return await otherSets(parts);
  }
  return linuxSets(parts);
}
