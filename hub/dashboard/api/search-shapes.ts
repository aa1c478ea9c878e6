/** What the API tells of records: search, histogram, facets, context, live tail. */
import * as z from 'zod';

/** A record as found. `at` names its place for good: a link and the context around it. */
export const foundRecord = z.strictObject({
  at: z.strictObject({
    site: z.string().optional(),
    agent: z.string(),
    stream: z.string(),
    position: z.number(),
    ordinal: z.int(),
  }),
  tenant: z.string(),
  type: z.string(),
  receivedMs: z.number(),
  /** The record's own time, where a pipeline found one. */
  eventMs: z.number().optional(),
  host: z.string(),
  source: z.string(),
  labels: z.record(z.string(), z.string()),
  fields: z.record(z.string(), z.unknown()).optional(),
  /** As text, without its terminator; at most 64 KiB. */
  line: z.string(),
  /** The line was longer than that. */
  cut: z.boolean(),
});
export type FoundRecord = z.output<typeof foundRecord>;

/**
 * The query of `/api/v1/search`, `/search/histogram`, `/search/facets`, `/search/export` and `/tail`, and of the page's links:
 * `tenant`, `type`, `host` (each may be several, by commas), `from`, `to` (RFC 3339, milliseconds, or `now-15m`), and at most one of
 * `text` (literal), `regex`, `query` (fields: `status:>=500 AND method:GET NOT host:web1`), `ignore_case`; `store`: `archive` or the name
 * of an Elasticsearch output; absent: the best there is.
 */
export const searchQuery = z.strictObject({
  tenant: z.string().optional(),
  type: z.string().optional(),
  host: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  text: z.string().max(1024).optional(),
  regex: z.string().max(1024).optional(),
  query: z.string().max(4096).optional(),
  ignore_case: z.stringbool().optional(),
  store: z.string().optional(),
  /** The newest first unless `oldest`. */
  order: z.enum(['newest', 'oldest']).optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
  after: z.string().optional(),
});

/** GET /api/v1/search: answered as JSON, or line by line while it is found with `Accept: application/x-ndjson`, a SearchLine each. */
export const searchAnswer = z.strictObject({
  records: z.array(foundRecord),
  next: z.string().optional(),
  store: z.string(),
  summary: z.strictObject({ objectsRead: z.int(), objectsSkipped: z.int(), rawBytes: z.number(), seconds: z.number() }),
  /** Sentences: what could not be read is missing from the answer. */
  problems: z.array(z.string()),
});
export type SearchAnswer = z.output<typeof searchAnswer>;
export type SearchLine =
  | { readonly record: FoundRecord }
  | {
      readonly progress: {
        readonly objectsRead: number;
        readonly objects: number;
        readonly rawBytes: number;
        readonly backToMs?: number;
      };
    }
  | { readonly end: Omit<SearchAnswer, 'records'> };

/** GET /api/v1/search/histogram?…&buckets=60. `approximate`: counted by the archive's index, not by looking at each record. */
export const histogramAnswer = z.strictObject({
  fromMs: z.number(),
  stepMs: z.number(),
  counts: z.array(z.number()),
  approximate: z.boolean(),
});
export type HistogramAnswer = z.output<typeof histogramAnswer>;

/** GET /api/v1/search/facets: the most frequent values among what fits; `approximate` as above. */
export const facetsAnswer = z.strictObject({
  facets: z.array(
    z.strictObject({
      name: z.enum(['tenant', 'type', 'host']),
      values: z.array(z.strictObject({ value: z.string(), count: z.number() })),
    }),
  ),
  approximate: z.boolean(),
});
export type FacetsAnswer = z.output<typeof facetsAnswer>;

/** GET /api/v1/search/context?tenant=&type=&agent=&stream=&position=&ordinal=&received=&before=20&after=20: of its own stream, in order. */
export const contextAnswer = z.strictObject({
  before: z.array(foundRecord),
  record: foundRecord.optional(),
  after: z.array(foundRecord),
});
export type ContextAnswer = z.output<typeof contextAnswer>;

/** GET /api/v1/tail: server-sent events `record` (a FoundRecord), `skipped` ({count}: came faster than could be shown), `end`. */
export type TailEvent =
  | { readonly event: 'record'; readonly data: FoundRecord }
  | { readonly event: 'skipped'; readonly data: { readonly count: number } };

/** GET /api/v1/stores: where records can be searched. */
export const storesAnswer = z.strictObject({
  stores: z.array(z.strictObject({ name: z.string(), kind: z.enum(['archive', 'elasticsearch']), state: z.string() })),
});
export type StoresAnswer = z.output<typeof storesAnswer>;

/** GET /api/v1/pipelines: the files of `pipelines_dir`, and the presets that channels have. */
export const pipelinesAnswer = z.strictObject({
  pipelines: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.enum(['file', 'preset']),
      /** Path of the file; empty of a preset. */
      file: z.string(),
      /** Channels that have it now, `tenant/type`. */
      channels: z.array(z.string()),
    }),
  ),
});
export type PipelinesAnswer = z.output<typeof pipelinesAnswer>;

/** GET /api/v1/pipelines/{type}?tenant=: the pipeline of a log type as it runs; `none`: records stay as they are. */
export const pipelineAnswer = z.strictObject({
  type: z.string(),
  name: z.string(),
  kind: z.enum(['file', 'preset', 'none']),
  file: z.string(),
  text: z.string(),
});
export type PipelineAnswer = z.output<typeof pipelineAnswer>;

/** POST /api/v1/pipelines/{type}/preview {tenant, text, lines?: string[], recent?: number}: nothing is stored. */
export const previewAnswer = z.strictObject({
  /** Why the edit cannot be used, with line and column; empty: it can. */
  errors: z.array(z.strictObject({ message: z.string(), line: z.int().optional(), column: z.int().optional() })),
  results: z.array(
    z.strictObject({
      line: z.string(),
      /** By the pipeline as it runs, and by the edit. */
      before: z.array(z.record(z.string(), z.unknown())),
      after: z.array(z.record(z.string(), z.unknown())),
      /** After each step of the edit; `changed` names the fields. */
      steps: z.array(
        z.strictObject({
          name: z.string(),
          line: z.int().optional(),
          changed: z.array(z.string()),
          error: z.string(),
          dropped: z.boolean(),
        }),
      ),
    }),
  ),
});
export type PreviewAnswer = z.output<typeof previewAnswer>;
