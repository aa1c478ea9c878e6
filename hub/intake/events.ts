/**
 * What happens at the intake that a person may want to know: each event is one call, which logs and counts together. Everything is
 * counted; what an agent that comes and goes all the time would fill the log with is told only so often.
 */
import type { Gap, GapCause, Hello, RejectCode } from '@tributary/protocol/messages.ts';
import type { AppendRequest, AppendResult, StreamKey } from '@tributary/protocol/session/server-effect.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { Seldom } from '../listeners/seldom.ts';

export interface IntakeCounters {
  readonly admitted: number;
  readonly rejected: number;
  readonly clones: number;
  readonly batches: number;
  readonly bytes: number;
  readonly records: number;
  readonly duplicates: number;
  readonly refused: number;
  readonly gaps: number;
  /** Agents sent to hubs that have fewer. */
  readonly sentAway: number;
}

/** Per agent, of connections and losses. */
const ofAgent = { againMs: 60_000, most: 20_000, times: 30 };
/** Per address and cause, of connections that were ended. */
const ofAddress = { againMs: 60_000, most: 60, times: 5 };

export class IntakeEvents {
  readonly #log: Logger;
  readonly #agents = new Seldom(systemClock, ofAgent);
  readonly #addresses = new Seldom(systemClock, ofAddress);
  readonly #counters = {
    admitted: 0,
    rejected: 0,
    clones: 0,
    batches: 0,
    bytes: 0,
    records: 0,
    duplicates: 0,
    refused: 0,
    gaps: 0,
    sentAway: 0,
  };
  readonly #lost = new Map<GapCause, number>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Sums since the start. */
  counters(): IntakeCounters {
    return { ...this.#counters };
  }

  /** Positions that will not come, by cause: sums since the start. */
  lost(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#lost);
  }

  admitted(hello: Hello, remote: string): void {
    this.#counters.admitted += 1;
    const { agentId, startCounter } = hello;
    if (this.#agents.isNews(agentId))
      this.#log.info('agent connected', { agentId, startCounter, host: hello.facts['host'], remote });
  }

  superseded(agentId: string, remote: string): void {
    if (this.#agents.isNews(agentId)) this.#log.info('an older connection of this agent was closed', { agentId, remote });
  }

  rejected(code: RejectCode | 'gone', hint: string, remote: string): void {
    this.#counters.rejected += 1;
    const address = remote.slice(0, Math.max(0, remote.lastIndexOf(':')));
    if (this.#addresses.isNews(`${address} ${code}`)) this.#log.warn('connection ended', { code, hint, remote });
  }

  clone(hello: Hello, remotes: readonly string[]): void {
    this.#counters.clones += 1;
    const { agentId, startCounter } = hello;
    this.#log.error('two machines use the same agent id: both are refused', { agentId, startCounter, remotes });
  }

  left(agentId: string, remote: string): void {
    if (this.#agents.isNews(agentId)) this.#log.info('agent disconnected', { agentId, remote });
  }

  /** Once per batch, in counters only unless it is refused. */
  answered(request: AppendRequest, result: AppendResult): void {
    if (result.kind === 'stored') {
      this.#counters.batches += 1;
      this.#counters.bytes += request.batch.body.length;
      this.#counters.records += request.batch.records;
    } else if (result.kind === 'duplicate') this.#counters.duplicates += 1;
    else {
      this.#counters.refused += 1;
      const { reason, hint } = result;
      this.#log.debug('batch refused', {
        channel: request.channel,
        reason,
        hint,
        streamId: result.key?.streamId,
        held: result.held,
      });
    }
  }

  /** Agents that were asked to go to hubs that have fewer. */
  sentAway(count: number, hubs: readonly string[]): void {
    this.#counters.sentAway += count;
    if (this.#addresses.isNews('sent away'))
      this.#log.info('this hub has more agents than the others: it sends some there', { count, hubs });
  }

  gapDeclared(key: StreamKey, gap: Gap): void {
    this.#counters.gaps += 1;
    const { from, to, cause } = gap;
    if (this.#agents.isNews(key.agentId))
      this.#log.error('a part of a stream is lost', { agentId: key.agentId, streamId: key.streamId, from, to, cause });
  }

  /** The store has it; what it knew before counts once. */
  gapRecorded(cause: GapCause, positions: number): void {
    this.#lost.set(cause, (this.#lost.get(cause) ?? 0) + positions);
  }

  storeFailed(error: unknown, remote: string): void {
    if (this.#addresses.isNews('store failed')) this.#log.error('the store did not take what was received', { error, remote });
  }
}
