/** Pipelines as people look at them: as they run, and as an edit would change what comes out. */
import type { Clock } from '@tributary/shared/clock.ts';
import { nameOf } from '../access/access.ts';
import type { PipelineAnswer, PipelinesAnswer, PreviewAnswer } from '../dashboard/api/search-shapes.ts';
import { type PipelineSet, pipelineNameOf, type PipelineSource } from '../processing/definition/pipeline-set.ts';
import { presetSource } from '../processing/presets/presets.ts';
import { previewPipeline } from '../processing/trying/preview.ts';
import type { TrialLimits } from '../processing/trying/trial.ts';
import { channelOf, frontTopic, type Queue } from '../queue/queue.ts';
import { trialWorker } from '../workers.ts';
import { previewMs, previewsMax, previewsPerPersonMax, recentMs } from './limits.ts';
import { Places } from './places.ts';
import type { Registry } from '../registry/registry.ts';
import { auditOf, type SearchBy } from './search-audit.ts';
import type { SearchStore } from './search-store.ts';
import { wantedOf } from './wanted.ts';

export interface PipelinePreviewParts {
  /** What runs now. */
  readonly set: () => PipelineSet;
  readonly limits: TrialLimits;
  readonly queue: Pick<Queue, 'topics'>;
  /** Where recent lines are found; undefined where there is nothing to search. */
  readonly store: () => SearchStore | undefined;
  readonly registry: Pick<Registry, 'record'>;
  readonly clock: Clock;
}

export interface PreviewOf {
  readonly tenant: string;
  readonly type: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** Lines of the channel that came last, behind those that are given. */
  readonly recent: number;
}

export class PipelinePreviews {
  readonly #parts: PipelinePreviewParts;
  readonly #places = new Places({ each: previewsPerPersonMax, all: previewsMax, what: 'previews' });

  constructor(parts: PipelinePreviewParts) {
    this.#parts = parts;
  }

  list(): PipelinesAnswer {
    const set = this.#parts.set();
    const front = frontTopic('');
    const channels = this.#parts.queue.topics().flatMap((topic) => (topic.startsWith(front) ? [channelOf(topic)] : []));
    const used = new Map<string, string[]>();
    for (const channel of channels) {
      const name = pipelineNameOf(set, channel);
      if (name !== undefined) used.getOrInsertComputed(name, () => []).push(channel);
    }
    const names = new Set([...set.sources.map(({ name }) => name), ...used.keys()]);
    const pipelines = [...names].toSorted().flatMap((name) => {
      const source = sourceNamed(set, name);
      return source === undefined ? [] : [{ name, ...placeOf(set, source), channels: (used.get(name) ?? []).toSorted() }];
    });
    return { pipelines };
  }

  /** Of a log type; a rule may choose by the tenant as well. */
  of(type: string, tenant: string): PipelineAnswer {
    const source = this.#running(type, tenant);
    if (source === undefined) return { type, name: '', kind: 'none', file: '', text: '' };
    return { type, name: source.name, ...placeOf(this.#parts.set(), source), text: source.text };
  }

  /** Throws a SearchError where too many run. Who is shown lines of a channel is in the trail. */
  async preview(wanted: PreviewOf, by: SearchBy, signal: AbortSignal): Promise<PreviewAnswer> {
    const { tenant, type, text } = wanted;
    using _ = this.#places.take(nameOf(by.principal));
    const current = this.#running(type, tenant);
    const lines = [...wanted.lines, ...(wanted.recent === 0 ? [] : await this.#recent(wanted, by, signal))];
    const { limits, clock } = this.#parts;
    // What lies beside the file is found as the file finds it.
    const edited = { name: current?.name ?? type, file: current?.file ?? `${type}.yaml`, text };
    const meta = { tenant, type, host: 'localhost', path: `/var/log/${type}.log`, labels: {}, receivedMs: clock.now() };
    return previewPipeline({ worker: trialWorker, current, edited, lines, meta, limits, msMax: previewMs });
  }

  #running(type: string, tenant: string): PipelineSource | undefined {
    const set = this.#parts.set();
    const name = pipelineNameOf(set, `${tenant}/${type}`);
    return name === undefined ? undefined : sourceNamed(set, name);
  }

  /** Whole lines as they came, the newest first. */
  async #recent({ tenant, type, recent }: PreviewOf, by: SearchBy, signal: AbortSignal): Promise<string[]> {
    const { registry, clock } = this.#parts;
    const store = this.#parts.store();
    if (store === undefined) return [];
    const wanted = wantedOf({ tenant, type }, { visible: undefined, nowMs: clock.now() });
    await registry.record(auditOf(wanted, by, { store: store.name, way: 'preview' }));
    const found: string[] = [];
    const within = AbortSignal.any([signal, AbortSignal.timeout(recentMs)]);
    for await (const step of store.records(wanted, { limit: recent }, within)) {
      if (!('records' in step)) continue;
      for (const { line, cut, at } of step.records) if (!cut && at.ordinal === 0) found.push(line);
    }
    return found;
  }
}

/** A file holds where there is a preset of that name, too. */
function sourceNamed({ sources }: PipelineSet, name: string): PipelineSource | undefined {
  return sources.find((source) => source.name === name) ?? presetSource(name);
}

function placeOf({ sources }: PipelineSet, source: PipelineSource): { readonly kind: 'file' | 'preset'; readonly file: string } {
  return sources.includes(source) ? { kind: 'file', file: source.file } : { kind: 'preset', file: '' };
}
