/**
 * Tells what pipelines counted as platform events (docs/PLATFORM-EVENTS.md): a document for each series that changed. Sums are those since
 * the start of the hub, so that one that could not be stored is made up for by the next.
 */
import { documentOf, type Teller } from '@tributary/protocol/platform/document.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { EventStream } from '../platform/event-stream.ts';
import { tellMs, toldMax } from './limits.ts';
import type { Family, MetricBook, Series } from './metric-book.ts';

export interface MetricEventsParts {
  readonly book: Pick<MetricBook, 'families'>;
  readonly stream: Pick<EventStream, 'publish'>;
  readonly teller: Teller & { readonly site: string };
  readonly clock: Clock;
}

export class MetricEvents {
  readonly #parts: MetricEventsParts;

  constructor(parts: MetricEventsParts) {
    this.#parts = parts;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await clock.sleep(tellMs, signal).catch(() => undefined);
      await this.tell();
    }
  }

  /** A store that takes nothing now is asked again with what is so then. */
  async tell(): Promise<void> {
    const { book, stream } = this.#parts;
    const told = [...changedOf(book)];
    if (told.length === 0) return;
    for (const { series } of told) series.isChanged = false;
    const documents = told.map(({ family, series }) => this.#document(family, series));
    const stored = await stream.publish(documents).catch(() => 'full' as const);
    if (stored === 'full') for (const { series } of told) series.isChanged = true;
  }

  #document({ name, kind, bounds, tenant }: Family, { labels, sum, count, buckets }: Series): string {
    const { teller, clock } = this.#parts;
    let upTo = 0;
    const counts = bounds.map((_, index) => (upTo += buckets[index] ?? 0));
    const figures = kind === 'histogram' ? { sum, count, bounds, counts } : { value: sum };
    return documentOf(teller, clock.now(), {
      event: {
        kind: 'metric',
        module: 'tributary',
        dataset: 'tributary.pipeline_metric',
        category: ['process'],
        type: ['info'],
        action: 'pipeline-measured',
      },
      message: `${name} of ${tenant}`,
      log: { level: 'info' },
      tributary: { site: teller.site, metric: { name, kind, labels, ...figures } },
    });
  }
}

function* changedOf({ families }: Pick<MetricBook, 'families'>): Generator<{ readonly family: Family; readonly series: Series }> {
  let left = toldMax;
  for (const family of families) {
    for (const series of family.series.values()) {
      if (!series.isChanged) continue;
      if (left === 0) return;
      left -= 1;
      yield { family, series };
    }
  }
}
