/** What `GET /status` on `run_dir/agent.sock` answers, as JSON. Names are stable. */
import type { GapCause } from '@tributary/protocol/messages.ts';
import type { BufferStatus } from '../buffer/buffer.ts';
import type { LossSum } from '../buffer/sql/loss-rows.ts';
import type { Counters } from '../counters.ts';
import type { SourceStatus } from '../inputs/input.ts';
import type { UplinkStatus } from '../uplink/uplink.ts';

export interface AgentStatus {
  readonly program: 'tributary-agent';
  readonly version: string;
  readonly pid: number;
  readonly startedMs: number;
  readonly agentId: string;
  /** `waiting-for-site`: the buffer is new, and no file is read before the site told which streams it knows. */
  readonly state: 'running' | 'waiting-for-site' | 'stopping';
  readonly uplink: UplinkStatus;
  readonly buffer: BufferStatus & {
    readonly inFlightBytes: number;
    /** What no hub will ever get, over all starts. */
    readonly losses: number;
    readonly positionsLost: number;
    readonly lostByCause: Partial<Record<GapCause, LossSum>>;
  };
  readonly sources: readonly (SourceStatus & { readonly input: string; readonly lag: number })[];
  readonly counters: Counters;
  /** Per second, over the last ten. */
  readonly rates: Rates;
  readonly memory: { readonly rssBytes: number };
}

export interface Rates {
  readonly recordsRead: number;
  readonly bytesRead: number;
  readonly bytesSent: number;
}
