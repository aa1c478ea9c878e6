/** What `GET /status` on `run_dir/agent.sock` answers, as JSON. Names are stable. */
import type { BufferStatus, LossesByCause } from '../buffer/buffer.ts';
import type { Counters } from '../counters.ts';
import type { InputStatus } from '../input-set.ts';
import type { SourceStatus } from '../inputs/input.ts';
import type { RotationStatus } from '../rotation/rotation-group.ts';
import type { RenewalStatus } from '@tributary/protocol/enrolment/renewal.ts';
import type { TlsSource } from '@tributary/protocol/enrolment/enrolled-tls.ts';
import type { CertificateIdentity } from '../tls/certificate-identity.ts';
import type { UplinkStatus } from '@tributary/protocol/uplink/uplink.ts';

export interface AgentStatus {
  readonly program: 'tributary-agent';
  readonly version: string;
  readonly pid: number;
  readonly startedMs: number;
  readonly agentId: string;
  /** `waiting-for-site`: the buffer is new, and no file is read before the site told which streams it knows; listeners run. */
  readonly state: 'running' | 'waiting-for-site' | 'stopping';
  readonly readiness: Readiness;
  readonly uplink: UplinkStatus;
  readonly tls: TlsStatus;
  readonly buffer: BufferStatus & {
    readonly inFlightBytes: number;
    readonly losses: number;
    readonly positionsLost: number;
    readonly lostByCause: LossesByCause;
  };
  readonly inputs: readonly (InputStatus & SourceSums)[];
  /** The furthest behind first; all of them unless asked for fewer. */
  readonly sources: readonly SourceOfInput[];
  readonly sourcesTotal: number;
  readonly rotation: readonly RotationStatus[];
  /** Bytes of files that were there and could not be read any more, by cause: part of `counters.lost`. */
  readonly abandonedBytes: Readonly<Record<'file-gone' | 'truncated' | 'expired', number>>;
  readonly counters: Counters;
  /** Per second, over the last ten. */
  readonly rates: Rates;
  /** 0 where the system does not tell. */
  readonly memory: { readonly rssBytes: number };
}

/** What this agent shows a hub, and what it verifies hubs with. */
export interface TlsStatus {
  readonly source: TlsSource;
  /** Undefined where there is no certificate, or one that names no agent. */
  readonly certificate: CertificateIdentity | undefined;
  /** Name of the site, as it said at the last enrolment. */
  readonly site: string | undefined;
  /** SHA-256 of each certificate that hubs are verified with, lower-case hexadecimal. */
  readonly authorities: readonly string[];
  /** Why what is in the files now is not used; empty where it is. */
  readonly problem: string;
  /** Undefined where somebody else renews the certificate. */
  readonly renewal: RenewalStatus | undefined;
}

export interface SourceOfInput extends SourceStatus {
  readonly input: string;
  /** Positions between what is read and what is there. */
  readonly lag: number;
}

export interface SourceSums {
  readonly sources: number;
  readonly lag: number;
  readonly failed: number;
}

/** Whether what listens here may be given to senders. */
export interface Readiness {
  readonly ready: boolean;
  /** Why not, a sentence each. */
  readonly reasons: readonly string[];
}

export interface Rates {
  readonly recordsRead: number;
  readonly bytesRead: number;
  readonly bytesSent: number;
}
