/**
 * One function per event: its log line, its counter and its platform event together. What a person would want to know of the agent
 * goes through here; nothing else reports. A gap in what the site has (`gap`) is counted in positions, everything else that is lost
 * (`data-lost`) in bytes and records by cause.
 */
import type { GapCause, Id, RefuseReason } from '@tributary/protocol/messages.ts';
import { agentMeasured, type AgentMeasured } from '@tributary/protocol/platform/agent-measured.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { Counters } from './counters.ts';
import type { InputEvents, StreamState } from './inputs/input.ts';
import { eventActions, type EventActionName } from './platform/event-actions.ts';
import type { PlatformReporter } from './platform/platform-events.ts';
import type { ConnectionEnd } from '@tributary/protocol/uplink/connection.ts';
import type { Divergence } from '@tributary/protocol/uplink/uplink-buffer.ts';
import type { UplinkEvents } from '@tributary/protocol/uplink/uplink-events.ts';

export interface AgentEventsOptions {
  readonly logger: Logger;
  readonly counters: Counters;
  /** Undefined: platform events are switched off. */
  readonly reporter?: PlatformReporter | undefined;
}

/** What is known of an event. Undefined ones are left out; `bytes` and `records` of repeated events are added up. */
export interface EventFacts {
  /** Path of a file, or what else tells a source apart. */
  readonly path?: string;
  readonly streamId?: Id;
  readonly reason?: string;
  readonly error?: unknown;
  readonly bytes?: number;
  readonly records?: number;
  readonly cause?: string;
  readonly input?: string;
  readonly hub?: string;
  readonly [name: string]: unknown;
}

/** Whether on the doorstep or in answer to its Hello. */
const refusals: ReadonlySet<ConnectionEnd['reason']> = new Set(['refused', 'unauthorized', 'clone']);

type UplinkTold = Pick<UplinkEvents, 'sent' | 'acked' | 'lost' | 'rejected'>;

export class AgentEvents {
  readonly input: InputEvents;
  readonly uplink: UplinkTold;
  readonly #options: AgentEventsOptions;
  readonly #failedInputs = new Set<string>();
  /** The hub that there is a connection to. */
  #hub: string | undefined;
  /** What was told of hubs that this agent and they do not want, so that it is told once. */
  #unwanted = '';
  #bufferState: 'open' | 'full' | 'no-space' = 'open';

  constructor(options: AgentEventsOptions) {
    this.#options = options;
    this.input = this.#inputEvents();
    this.uplink = this.#uplinkEvents();
  }

  /** Log line, counter and platform event. */
  #tell(name: EventActionName, facts: EventFacts = {}): void {
    const { level, message } = eventActions[name];
    this.#options.logger[level](message, { event: name, ...facts });
    this.#report(name, facts);
  }

  /** Without the log line, where another place logs more than is known here. */
  #report(name: EventActionName, facts: EventFacts): void {
    const { counters, reporter } = this.#options;
    counters.events[name] = (counters.events[name] ?? 0) + 1;
    reporter?.report({ kind: 'event', name, ...platformFields(facts) });
  }

  /** How it is: neither logged nor counted. */
  measured(measured: AgentMeasured): void {
    this.#options.reporter?.report({ kind: 'metric', name: agentMeasured, fields: { tributary: { measured } } });
  }

  started(facts: { readonly version: string; readonly pid: number; readonly startCounter: number }): void {
    this.#report('agent-started', facts);
  }

  stopped(reason: string): void {
    this.#tell('agent-stopped', { reason });
  }

  /** `changes`: the names of the options at the top of the file. */
  configChanged(file: string, changes: readonly string[], needsRestart: readonly string[]): void {
    this.#options.counters.reloads += 1;
    this.#tell('config-changed', { path: file, changes, ...(needsRestart.length === 0 ? {} : { needsRestart }) });
  }

  configRefused(file: string, error: unknown): void {
    this.#tell('config-refused', { path: file, error });
  }

  inputFailed(input: string, error: unknown, retryInMs: number): void {
    this.#failedInputs.add(input);
    this.#tell('input-failed', { input, error, retryInMs });
  }

  /** Told once for an input that had failed; nothing for others. */
  inputRuns(input: string): void {
    if (this.#failedInputs.delete(input)) this.#tell('input-recovered', { input });
  }

  /** A connection that only took the place of one to the same hub is no news. */
  hubFound(hub: string, siteId: Id): void {
    this.#unwanted = '';
    if (this.#hub === hub) return;
    this.#hub = hub;
    this.#report('hub-found', { hub, siteId });
  }

  /** Told once per connection that was there. One that was left for another is lost only if the other one cannot be had. */
  hubLost({ reason, hint }: Pick<ConnectionEnd, 'reason' | 'hint'>): void {
    if (this.#hub === undefined || reason === 'left') return;
    const hub = this.#hub;
    this.#hub = undefined;
    this.#report('hub-lost', { hub, reason: `${reason}: ${hint}` });
  }

  /** Told once per reason; the log has it from the uplink. */
  hubUnwanted(hub: string, { reason, hint }: Pick<ConnectionEnd, 'reason' | 'hint'>): void {
    const told = `${hub} ${reason} ${hint}`;
    if (this.#unwanted === told) return;
    if (reason === 'untrusted') this.#report('hub-untrusted', { hub, reason: hint });
    else if (refusals.has(reason)) this.#report('hub-refused', { hub, reason: reason === 'clone' ? `clone: ${hint}` : hint });
    else return;
    this.#unwanted = told;
  }

  certificateRenewed(notAfter: string): void {
    this.#tell('certificate-renewed', { notAfter });
  }

  certificateRenewalFailed(error: unknown, facts: { readonly notAfter: string; readonly retryInMs: number }): void {
    this.#tell('certificate-renewal-failed', { error, ...facts });
  }

  certificateExpires(notAfter: string): void {
    this.#tell('certificate-expires', { notAfter });
  }

  certificateUnusable(error: unknown): void {
    this.#tell('certificate-unusable', { error });
  }

  /** Called with each state that is seen; tells of changes. */
  bufferIs(state: 'open' | 'full' | 'no-space', facts: { readonly unackedBytes: number; readonly maxBytes: number }): void {
    const before = this.#bufferState;
    if (state === before) return;
    this.#bufferState = state;
    if (before === 'no-space') this.#tell('disk-has-room', facts);
    if (before === 'full' && state === 'open') this.#tell('buffer-has-room', facts);
    if (state === 'no-space') this.#tell('disk-full', facts);
    if (state === 'full') this.#tell('buffer-full', facts);
  }

  streamReplaced({ reason, streamId, held }: Divergence, replacement: StreamState): void {
    const { streamId: replacementId, start, identity } = replacement;
    this.#tell('stream-replaced', { path: identity.path, reason, streamId, held, replacement: replacementId, start });
  }

  clockChanged(jumpedMs: number): void {
    this.#tell(jumpedMs < 0 ? 'clock-set-back' : 'clock-set-forward', { jumpedMs: Math.round(jumpedMs) });
  }

  timeZoneUnknown(timeZone: string): void {
    this.#tell('time-zone-unknown', { timeZone });
  }

  rotationDone(path: string, facts: { readonly rotatedTo: string; readonly bytes: number; readonly method: string }): void {
    this.#tell('rotation-done', { path, ...facts });
  }

  /** `unshippedBytes`: what no hub had; told as a loss too. */
  rotationExpired(
    path: string,
    facts: { readonly bytes: number; readonly unshippedBytes: number; readonly reason: string },
  ): void {
    this.#tell('rotation-expired', { path, ...facts });
    if (facts.unshippedBytes > 0) this.input.lost({ path, cause: 'expired', bytes: facts.unshippedBytes });
  }

  rotationRemoved(path: string, facts: { readonly bytes: number; readonly reason: string }): void {
    this.#tell('rotation-removed', { path, ...facts });
  }

  rotationBlocked(path: string, reason: string): void {
    this.#tell('rotation-blocked', { path, reason });
  }

  rotationFailed(path: string, error: unknown): void {
    this.#tell('rotation-failed', { path, error });
  }

  #inputEvents(): InputEvents {
    const { counters } = this.#options;
    return {
      fileOpened: (path, streamId, position) => this.#tell('file-opened', { path, streamId, position }),
      fileRotated: (path, streamId) => this.#tell('file-rotated', { path, streamId }),
      fileTruncated: (path, streamId, readTo) => this.#tell('file-truncated', { path, streamId, readTo }),
      fileReplaced: (path, streamId, reason) => this.#tell('file-replaced', { path, streamId, reason }),
      fileFinished: (path, streamId, position) => this.#tell('file-finished', { path, streamId, position }),
      sourceSkipped: (path, reason) => this.#tell('source-skipped', { path, reason }),
      sourceFailed: (path, error) => this.#tell('source-failed', { path, error }),
      sourceRecovered: (path) => this.#tell('source-recovered', { path }),
      lost: ({ path, cause, bytes, records = 0 }) => {
        const sums = counters.lost[cause];
        sums.bytes += bytes;
        sums.records += records;
        sums.times += 1;
        this.#tell('data-lost', { path, cause, bytes, ...(records === 0 ? {} : { records }) });
      },
      filtered: ({ excluded, sampledOut, redacted }) => {
        counters.filtered.excluded += excluded;
        counters.filtered.sampledOut += sampledOut;
        counters.filtered.redacted += redacted;
      },
      listening: (input, address) => this.#tell('listening', { input, address }),
      sourceStarted: (path, detail) => this.#tell('source-started', { path, detail }),
      sourceEnded: (path, detail) => this.#tell('source-ended', { path, detail }),
    };
  }

  #uplinkEvents(): UplinkTold {
    const { counters } = this.#options;
    return {
      sent: (bodyBytes) => {
        counters.batchesSent += 1;
        counters.bytesSent += bodyBytes;
      },
      acked: (batches) => {
        counters.batchesAcked += batches;
      },
      lost: ({ streamId, from, to, cause }) => this.#gap({ streamId, from, to, cause }),
      rejected: ({ batchId, reason, hint }) => this.#rejected({ batchId, reason, hint }),
    };
  }

  #gap(gap: { readonly streamId: Id; readonly from: number; readonly to: number; readonly cause: GapCause }): void {
    this.#options.counters.positionsLost += gap.to - gap.from;
    this.#tell('gap', gap);
  }

  #rejected(batch: { readonly batchId: number; readonly reason: RefuseReason; readonly hint: string }): void {
    this.#options.counters.batchesRejected += 1;
    this.#tell('batch-rejected', batch);
  }
}

/** The facts in the field names of ECS; what ECS has no name for is under `tributary`. */
function platformFields(facts: EventFacts): Pick<Parameters<PlatformReporter['report']>[0], 'source' | 'sums' | 'fields'> {
  const { path, streamId, reason, error, bytes, records, cause, ...rest } = facts;
  const { input, hub } = facts;
  const isFile = path?.startsWith('/') === true;
  const own = Object.fromEntries(Object.entries(rest).map(([name, value]) => [snakeCase(name), value]));
  const fields = {
    ...(isFile ? { log: { file: { path } } } : {}),
    ...(reason === undefined ? {} : { event: { reason } }),
    ...(error === undefined ? {} : { error: errorFields(error) }),
    tributary: {
      ...own,
      ...(path === undefined || isFile ? {} : { source: path }),
      ...(streamId === undefined ? {} : { stream_id: streamId }),
      ...(cause === undefined ? {} : { cause }),
    },
  };
  const sums = { ...(bytes === undefined ? {} : { bytes }), ...(records === undefined ? {} : { records }) };
  return { fields, sums, source: [path, input, hub, cause].filter((part) => part !== undefined).join(' ') };
}

function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { message: error.message, ...code };
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
