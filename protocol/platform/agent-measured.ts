/**
 * How an agent is, as it tells now and then (`event.action` is `agent-measured`, `event.kind` metric): `tributary.measured` of the document.
 * docs/PLATFORM-EVENTS.md is the schema. Sums count from the agent's start; texts and lists are bounded by whoever writes them.
 */

export const agentMeasured = 'agent-measured';

export interface AgentMeasured {
  readonly state: 'running' | 'waiting-for-site' | 'stopping';
  readonly started_ms: number;
  /** How long it is until it tells again, unless something happens. */
  readonly period_ms: number;
  readonly process: { readonly rss_bytes: number; readonly cpu_percent: number };
  readonly machine: {
    readonly os: string;
    readonly kernel: string;
    readonly arch: string;
    readonly cores: number;
    readonly memory_bytes: number;
  };
  readonly uplink: { readonly state: string; readonly hub: string };
  /** Absent: it has none. */
  readonly certificate_ends_ms?: number;
  /** Of all that it reads: bytes of files, positions of others. */
  readonly lag: number;
  readonly rates: { readonly records: number; readonly bytes: number; readonly sent_bytes: number };
  readonly buffer: {
    readonly state: string;
    readonly bytes: number;
    readonly max_bytes: number;
    readonly unacked_bytes: number;
    readonly batches: number;
  };
  readonly books: AgentBooks;
  readonly inputs: readonly MeasuredInput[];
  readonly inputs_total: number;
  readonly files_total: number;
  /** The furthest behind first. Absent: as they were told last. */
  readonly files?: readonly MeasuredFile[];
}

/** In records. What was read, or waited in the buffer at the start, was acknowledged, waits, was left out by filters or was lost. */
export interface AgentBooks {
  readonly read: number;
  readonly acked: number;
  readonly buffered: number;
  readonly filtered: number;
  /** By cause, only what was read before it was lost. */
  readonly lost: Readonly<Record<string, number>>;
  /** What of `read` is none of these: 0 unless something is wrong. */
  readonly unaccounted: number;
}

export interface MeasuredInput {
  readonly name: string;
  readonly kind: string;
  readonly type: string;
  readonly state: 'running' | 'failed';
  /** Why it does not run. */
  readonly error?: string;
  readonly sources: number;
  readonly failed: number;
  readonly lag: number;
}

export interface MeasuredFile {
  readonly input: string;
  readonly path: string;
  readonly stream_id: string;
  readonly state: string;
  readonly size: number;
  readonly position: number;
  readonly lag: number;
  /** How long the oldest of what is not read has been there, as far as it was seen. */
  readonly lag_seconds?: number;
  readonly last_read_ms?: number;
}
