/**
 * `GET /tap`: what is pushed from now on, a JSON object a line, until the reader goes. It looks at what the inputs push while they push
 * it, so it takes no more than `rate` records a second, and nothing while the reader does not read: what it leaves out it counts and
 * tells once a second. Nothing is ever held for it.
 */
import { matchesGlob } from 'node:path';
import { setInterval } from 'node:timers';
import type { Id } from '@tributary/protocol/messages.ts';
import type { Run } from '../../inputs/input.ts';
import type { ObservedAgent } from '../describe-agent.ts';
import { LocalRequestError, type LocalRequest } from '../status-server.ts';
import { type SkippedRecords, type TappedStream, tappedRecords } from './tapped-record.ts';
import type { Taps } from './taps.ts';

const rateDefault = 100;
const rateMax = 10_000;
const tellIntervalMs = 1000;
/** What a reader that is slow may leave lying. */
const unreadBytesMax = 1024 * 1024;
/** Everybody who looks is asked at every push. */
const tapsMax = 16;
/** Streams that are remembered: what they are is found out once. */
const streamsRememberedMax = 4096;

interface Wanted {
  readonly input: string | null;
  readonly type: string | null;
  readonly path: string | null;
  readonly rate: number;
}

/** What a tap must know of the agent. */
export interface TappedAgent {
  readonly buffer: Pick<ObservedAgent['agent']['buffer'], 'stream'>;
  readonly inputs: Pick<ObservedAgent['agent']['inputs'], 'sources'>;
}

interface TapRequest extends LocalRequest {
  readonly agent: TappedAgent;
  readonly taps: Taps;
}

/** Resolves when the reader is gone. */
export async function serveTap({ query, response, agent, taps }: TapRequest): Promise<undefined> {
  const wanted = { input: query.get('input'), type: query.get('type'), path: query.get('path'), rate: rateOf(query.get('rate')) };
  if (taps.count >= tapsMax) throw new LocalRequestError(503, `${tapsMax} others look already: end one of them`);
  const closed = Promise.withResolvers<undefined>();
  response.on('close', () => closed.resolve(undefined));
  response.on('error', () => closed.resolve(undefined));
  response.writeHead(200, { 'content-type': 'application/x-ndjson', connection: 'close' });
  response.flushHeaders();
  const tap = new Tap(wanted, agent, (line) => {
    if (response.writableLength > unreadBytesMax) return false;
    response.write(line);
    return true;
  });
  const looking = taps.add((run) => {
    try {
      tap.look(run);
    } catch (error) {
      response.destroy(error instanceof Error ? error : undefined);
    }
  });
  const timer = setInterval(() => tap.refill(), tellIntervalMs);
  try {
    return await closed.promise;
  } finally {
    clearInterval(timer);
    looking[Symbol.dispose]();
  }
}

function rateOf(text: string | null): number {
  if (text === null) return rateDefault;
  const rate = Number(text);
  if (Number.isSafeInteger(rate) && rate >= 1 && rate <= rateMax) return rate;
  throw new LocalRequestError(400, `rate must be a number of records a second from 1 to ${rateMax}`);
}

class Tap {
  readonly #wanted: Wanted;
  readonly #agent: TappedAgent;
  readonly #write: (line: string) => boolean;
  /** Undefined: not wanted. */
  readonly #streams = new Map<Id, TappedStream | undefined>();
  #inputs = new Map<Id, string>();
  #inputsAreFresh = false;
  #allowed: number;
  #skipped = 0;

  constructor(wanted: Wanted, agent: TappedAgent, write: (line: string) => boolean) {
    this.#wanted = wanted;
    this.#agent = agent;
    this.#write = write;
    this.#allowed = wanted.rate;
  }

  look(run: Run): void {
    const stream = this.#streamOf(run.streamId);
    if (stream === undefined) return;
    let told = 0;
    if (this.#allowed > 0) {
      for (const record of tappedRecords(run, stream, new Date().toISOString())) {
        if (!this.#write(`${JSON.stringify(record)}\n`)) break;
        told += 1;
        this.#allowed -= 1;
        if (this.#allowed === 0) break;
      }
    }
    this.#skipped += run.records - told;
  }

  /** Another second: as many records again, and a word on those that were left out. */
  refill(): void {
    this.#allowed = this.#wanted.rate;
    this.#inputsAreFresh = false;
    const hint: SkippedRecords = { skipped: this.#skipped };
    if (this.#skipped > 0 && this.#write(`${JSON.stringify(hint)}\n`)) this.#skipped = 0;
  }

  #streamOf(streamId: Id): TappedStream | undefined {
    if (this.#streams.has(streamId)) return this.#streams.get(streamId);
    const { identity, attributes } = this.#agent.buffer.stream(streamId);
    const input = this.#inputOf(streamId);
    // A source that is only being opened is not known to its input yet: it is asked for again.
    if (input === undefined && this.#wanted.input !== null) return undefined;
    const stream = { input: input ?? '', path: identity.path, attributes };
    const isWanted = this.#isWanted(stream);
    if (this.#streams.size >= streamsRememberedMax) this.#streams.clear();
    if (input !== undefined || !isWanted) this.#streams.set(streamId, isWanted ? stream : undefined);
    return isWanted ? stream : undefined;
  }

  #isWanted({ input, path, attributes }: TappedStream): boolean {
    const wanted = this.#wanted;
    if (wanted.input !== null && wanted.input !== input) return false;
    if (wanted.type !== null && wanted.type !== attributes.type) return false;
    return wanted.path === null || wanted.path === path || matchesGlob(path, wanted.path);
  }

  /** Inputs are asked once a second at most: there may be many sources. */
  #inputOf(streamId: Id): string | undefined {
    if (!this.#inputs.has(streamId) && !this.#inputsAreFresh) {
      this.#inputs = new Map(this.#agent.inputs.sources().map((source) => [source.streamId, source.input]));
      this.#inputsAreFresh = true;
    }
    return this.#inputs.get(streamId);
  }
}
