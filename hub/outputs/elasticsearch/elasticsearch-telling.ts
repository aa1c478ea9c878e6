/** What happens between this site and a cluster: counted, told in the log, and as findings, which platform events tell of. */
import type { Logger } from '@tributary/shared/log.ts';
import type { HistogramFigures } from '@tributary/shared/prometheus/exposition.ts';
import type { FindingKind, Findings } from '../../health/findings.ts';
import { Histogram } from '@tributary/shared/prometheus/histogram.ts';
import type { TopicName } from '../../queue/queue.ts';
import type { BulkEvents, Trouble } from './bulk/bulk-sender.ts';
import { NoAnswerError } from './client/connection.ts';
import { againMsMax, bulkBoundsSeconds, retryMsMax } from './limits.ts';

/** Since the start of the program. */
export interface ElasticsearchCounts {
  /** Done: those of `wasThere` had been sent before. */
  readonly documents: number;
  readonly bytes: number;
  readonly bulks: number;
  readonly wasThere: number;
  /** Tried again, each time counted. */
  readonly again: number;
  readonly lookedUp: number;
  /** Kept as dead letters. */
  readonly refused: number;
  /** For other outputs. */
  readonly passedOver: number;
  /** In the index of the day on which they were received, as their own is too far from it. */
  readonly otherDay: number;
  /** Metrics in the set `other`, as their tenant has as many sets as it may have. */
  readonly otherSets: number;
  /** Entries that cannot be read, kept as such. */
  readonly rejected: number;
}

export interface ElasticsearchTellingParts {
  readonly name: string;
  readonly logger: Logger;
  readonly findings: Pick<Findings, 'put'>;
}

const findingOf: Readonly<Record<Trouble['kind'], FindingKind>> = {
  away: 'elasticsearch-away',
  busy: 'elasticsearch-away',
  late: 'elasticsearch-away',
  'not-allowed': 'elasticsearch-refuses',
  wrong: 'elasticsearch-refuses',
  volatile: 'elasticsearch-volatile',
  blocked: 'elasticsearch-refuses',
  shards: 'elasticsearch-shards',
};
const kinds = [...new Set(Object.values(findingOf))];

const often = `every ${retryMsMax / 1000} s`;
const seldom = `at the latest every ${againMsMax / 1000} s`;

/** What a person is told to do. */
const hints: Readonly<Record<Trouble['kind'], string>> = {
  away: `see whether it runs and this hub reaches it; it is asked again ${often}`,
  busy: `see to its load, its disks and its memory, or give it more nodes; it is asked again ${often}`,
  late: 'see whether it hangs, and to its load, its disks, its memory and the network in between',
  'not-allowed': 'see that its credentials are right, and what they may do',
  wrong: 'see that its urls are those of an Elasticsearch',
  volatile: `it is looked at again ${often}`,
  blocked: `see to the index, they are tried again ${seldom}`,
  shards: `delete indices that nobody needs, set retention for them, add a node, or raise cluster.max_shards_per_node; it is tried again ${seldom}`,
};

export class ElasticsearchTelling implements BulkEvents {
  readonly #parts: ElasticsearchTellingParts;
  readonly #counts = {
    documents: 0,
    bytes: 0,
    bulks: 0,
    wasThere: 0,
    again: 0,
    lookedUp: 0,
    refused: 0,
    passedOver: 0,
    otherDay: 0,
    otherSets: 0,
    rejected: 0,
  };
  readonly #took = new Histogram(bulkBoundsSeconds);
  #ofSending: Trouble | undefined;
  #ofSetup: Trouble | undefined;
  #told = '';

  constructor(parts: ElasticsearchTellingParts) {
    this.#parts = parts;
  }

  get counts(): ElasticsearchCounts {
    return this.#counts;
  }

  get bulkSeconds(): HistogramFigures {
    return this.#took.figures;
  }

  answered({ documents, bytes, wasThere }: Parameters<BulkEvents['answered']>[0]): void {
    this.#counts.documents += documents;
    this.#counts.wasThere += wasThere;
    this.#counts.bytes += bytes;
    if (bytes > 0) this.#counts.bulks += 1;
  }

  took(latencyMs: number): void {
    this.#took.observe(latencyMs / 1000);
  }

  again(documents: number, { type, reason }: { readonly type: string; readonly reason: string }): void {
    this.#counts.again += documents;
    this.#parts.logger.debug('documents are tried again', { output: this.#parts.name, documents, type, reason });
  }

  lookedUp(documents: number, found: number): void {
    this.#counts.lookedUp += documents;
    this.#parts.logger.debug('documents were looked up before they are sent again', {
      output: this.#parts.name,
      documents,
      found,
    });
  }

  trouble(trouble: Trouble | undefined): void {
    this.#ofSending = trouble;
    this.#tell(this.#ofSending ?? this.#ofSetup);
  }

  /** The set-up comes before all that is sent: a server that is away then is away like any other. */
  setupTrouble(trouble: Trouble | undefined): void {
    if (trouble === undefined && this.#ofSetup === undefined) return;
    this.#ofSetup = trouble;
    this.#tell(this.#ofSending ?? this.#ofSetup);
  }

  /** Told once while it lasts. */
  #tell(trouble: Trouble | undefined): void {
    const { name, logger } = this.#parts;
    const kind = trouble === undefined ? '' : findingOf[trouble.kind];
    for (const one of kinds) if (one !== kind) this.#clear(one);
    if (trouble === undefined) {
      if (this.#told !== '') logger.info('Elasticsearch takes documents again', { output: name });
      this.#told = '';
      return;
    }
    const level = kind === 'elasticsearch-away' ? 'yellow' : 'red';
    this.#find(findingOf[trouble.kind], level, `${troubleText(trouble)}: what is for it waits here; ${hints[trouble.kind]}`);
    if (this.#told === trouble.kind) return;
    this.#told = trouble.kind;
    logger.warn('Elasticsearch takes nothing at the moment; what is for it waits', { output: name, reason: trouble.reason });
  }

  /** The documents are done, or kept. */
  committed(topic: TopicName, figures: { readonly refused: number; readonly passedOver: number; readonly wild: number }): void {
    this.#counts.refused += figures.refused;
    this.#counts.passedOver += figures.passedOver;
    if (figures.wild > 0 && this.#counts.otherDay === 0) {
      const message =
        'documents have times far from when they were received, and go to the index of the day of that (daily_past, daily_future); told once';
      this.#parts.logger.warn(message, { output: this.#parts.name, topic, documents: figures.wild });
    }
    this.#counts.otherDay += figures.wild;
  }

  /** Metrics whose set has no name of its own any more. */
  otherSets(tenant: string, documents: number): void {
    if (this.#counts.otherSets === 0) {
      const message =
        'a tenant has as many sets of metrics as it may have (metric_sets): those of others go to the set other; told once';
      this.#parts.logger.warn(message, { output: this.#parts.name, tenant, documents });
    }
    this.#counts.otherSets += documents;
  }

  rejected(topic: TopicName, sequence: number, reason: string): void {
    this.#counts.rejected += 1;
    this.#parts.logger.error('a block cannot be indexed and was kept as a dead letter', { topic, sequence, reason });
  }

  refused(
    topic: TopicName,
    documents: number,
    first: { readonly index: string; readonly type: string; readonly reason: string },
  ): void {
    const { name, logger } = this.#parts;
    logger.warn('Elasticsearch refused documents; they are kept as dead letters (tributary-hub dlq list)', {
      output: name,
      topic,
      documents,
      ...first,
    });
  }

  fenced(topic: TopicName): void {
    this.#parts.logger.warn('another hub works for Elasticsearch now; its work is dropped', { output: this.#parts.name, topic });
  }

  full(topic: TopicName): void {
    const message = 'the topic of dead letters is full, and so what Elasticsearch refused cannot be kept: its channel waits';
    this.#parts.logger.warn(message, { output: this.#parts.name, topic });
  }

  /** A server that does not answer is a finding of its own, and what waits for it is no error of the hub. */
  failed(topic: TopicName, error: unknown, retryInMs: number): void {
    const level = error instanceof NoAnswerError ? 'warn' : 'error';
    this.#parts.logger[level]('a topic cannot be indexed at the moment; it is tried again', { topic, error, retryInMs });
  }

  /** The output is no more. */
  clear(): void {
    for (const kind of kinds) this.#clear(kind);
  }

  #find(kind: FindingKind, level: 'yellow' | 'red', what: string): void {
    this.#parts.findings.put(
      { kind, subject: this.#parts.name },
      { level, reason: `Elasticsearch (${this.#parts.name}) ${what}` },
    );
  }

  #clear(kind: FindingKind): void {
    this.#parts.findings.put({ kind, subject: this.#parts.name }, undefined);
  }
}

const troubleTexts: Readonly<Record<Trouble['kind'], string>> = {
  away: 'cannot be reached',
  busy: 'has too much to do',
  late: 'answers late, or not at all',
  'not-allowed': 'lets this hub do nothing',
  wrong: 'does not understand what it is sent',
  volatile: 'may lose what it acknowledges',
  blocked: 'does not take some documents for now',
  shards: 'has as many shards as it may have, and makes no new index',
};

export function troubleText({ kind, reason }: Trouble): string {
  return `${troubleTexts[kind]} (${reason})`;
}
