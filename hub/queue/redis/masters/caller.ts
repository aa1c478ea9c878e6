/**
 * Sends one call to the master of a slot until it was taken or refused, or time is up. It is sent again only when Redis said that nothing
 * was done (moved, not now, function missing); a connection that broke after sending ends the call as ambiguous.
 */
import { assert } from '@tributary/shared/assert.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { addressText } from './connect-settings.ts';
import { loadLibraries, type FunctionLibrary } from './function-library.ts';
import type { Command, Lane } from './lane.ts';
import { againMs, bodyStaysMs, type Patience } from './limits.ts';
import type { LinkEvents, MasterLink } from './master-link.ts';
import { type Argument, type CallBody, type FunctionCall, MasterError, type Reply } from './masters.ts';
import { ConnectionLostError, hintOf, meaningOf, ServerReplyError, type Meaning } from './server-reply.ts';
import type { Topology } from './topology.ts';

export interface CallerOptions {
  readonly topology: Topology;
  readonly clock: Clock;
  readonly patience: Patience;
  readonly libraries: readonly FunctionLibrary[];
  readonly events: LinkEvents;
}

/** A command of Redis itself. */
export interface PlainCall {
  readonly command: string;
  readonly keys: readonly string[];
  readonly args?: readonly Argument[];
}

interface Under {
  readonly slot: number;
  readonly write: boolean;
  readonly call: FunctionCall | PlainCall;
  readonly endMs: number;
  /** Why it was not taken so far. */
  hint: string | undefined;
  /** Where it goes next instead of the slot's master. */
  ask: (Meaning & { readonly kind: 'ask' }) | undefined;
}

export class Caller {
  readonly #options: CallerOptions;
  readonly #abort = new AbortController();

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /** What waits for a master, and what comes, is refused at once. */
  close(): void {
    this.#abort.abort();
  }

  async call(slot: number, call: FunctionCall | PlainCall, write: boolean): Promise<Reply> {
    const endMs = this.#options.clock.monotonic() + this.#options.patience.callWaitMsMax;
    const under: Under = { slot, write, call, endMs, hint: undefined, ask: undefined };
    for (;;) {
      const { link, lane } = await this.#lane(under);
      const asking = under.ask !== undefined;
      under.ask = undefined;
      try {
        const command = { ...commandOf(call, lane), asking };
        return await (write ? lane.write(command) : lane.read(command));
      } catch (error) {
        if (error instanceof ConnectionLostError) {
          // A reading call changed nothing, so that it may go again.
          if (this.#abort.signal.aborted || (!write && !this.#isLate(under))) continue;
          throw new MasterError('AMBIGUOUS', error.message, { cause: error });
        }
        if (!(error instanceof ServerReplyError)) throw error;
        await this.#answered(under, error, { link, lane });
      }
    }
  }

  /** A connection that is ready; rejects when there is none in time. */
  async #lane(under: Under): Promise<{ readonly link: MasterLink; readonly lane: Lane }> {
    const { topology, clock } = this.#options;
    for (;;) {
      const pair = under.ask === undefined ? topology.pairOf(under.slot) : topology.pairAt(under.ask.to);
      const link = under.write ? pair?.write : pair?.read;
      const restMs = under.endMs - clock.monotonic();
      if (this.#abort.signal.aborted) throw new MasterError('CLOSED', 'this hub stops and asks nothing of its store any more');
      if (restMs <= 0) {
        const cause = under.hint ?? link?.problem?.message ?? topology.problem() ?? 'no Redis master could be reached in time';
        throw new MasterError('UNAVAILABLE', cause);
      }
      const lane = link === undefined ? undefined : (link.lane ?? (await link.ready(Math.min(restMs, 1000))));
      if (link !== undefined && lane !== undefined) return { link, lane };
      // A slot whose target is not known yet stays where it was said to be.
      under.ask = undefined;
      await topology.refresh();
      if (link === undefined) await this.#pause();
    }
  }

  /** Returns when it is to be tried again. */
  async #answered(
    under: Under,
    error: ServerReplyError,
    { link, lane }: { readonly link: MasterLink; readonly lane: Lane },
  ): Promise<void> {
    const { topology, libraries, events } = this.#options;
    const { where } = lane.connection;
    const meaning = meaningOf(error);
    under.hint = hintOf(error, where);
    switch (meaning.kind) {
      case 'moved':
        await topology.refresh();
        break;
      case 'ask':
        under.ask = meaning;
        if (topology.pairAt(meaning.to) === undefined) {
          under.hint = `Redis at ${where} sends to ${addressText(meaning.to)}, which has no slots yet`;
          await topology.refresh();
          await this.#pause();
        }
        return;
      case 'again':
        await this.#pause();
        break;
      case 'not-master':
        link.renew(lane, `Redis at ${where} is no master any more`);
        await topology.refresh();
        break;
      case 'no-function':
        await loadLibraries(lane.connection, libraries, events);
        await this.#pause();
        break;
      case 'memory':
        throw new MasterError('MAXMEMORY', `Redis at ${where} has used its maxmemory`, { cause: error });
      case 'refused':
        throw new MasterError('REFUSED', under.hint, { cause: error });
    }
  }

  #isLate({ endMs }: Under): boolean {
    return this.#options.clock.monotonic() >= endMs;
  }

  async #pause(): Promise<void> {
    await this.#options.clock.sleep(againMs, this.#abort.signal).catch(() => undefined);
  }
}

function commandOf(call: FunctionCall | PlainCall, lane: Lane): Command {
  if ('command' in call) return { name: call.command, args: [...call.keys, ...(call.args ?? [])] };
  const { name, keys, args, bodies = [] } = call;
  const { runId } = lane.server;
  assert(runId !== '', 'a server in use has said who it is');
  return { before: bodies.map(putOf), name: 'FCALL', args: [name, keys.length, ...keys, runId, ...args] };
}

/** One that is there already belongs to an entry: the call is made for the second time. */
function putOf({ key, bytes }: CallBody): Command {
  return { name: 'SET', args: [key, bytes, 'NX', 'PX', String(bodyStaysMs)] };
}
