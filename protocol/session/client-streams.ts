/**
 * The streams open on a connection, by id and by number. Numbers ascend from 1; with each new one, the stream `streamsMax`
 * numbers back is forgotten on both sides, so that neither needs a message for it and no number ever means two streams.
 */
import type { ChannelName, Gap, Id } from '../messages.ts';

/**
 * ```text
 *            OpenStream            Position
 *   (none) ─────────────► asked ─────────────► ready ◄──────────┐
 *                           ▲                    │ Gap          │ Position
 *                           │ OpenStream         ├────────► gap ┘
 *                           └────────────────────┤
 *                                                │ the site's content is not ours
 *                                                └────────► ended
 * ```
 */
export type ClientStreamState = 'asked' | 'ready' | 'gap' | 'ended';

export interface ClientStream {
  readonly streamId: Id;
  readonly number: number;
  readonly channel: ChannelName;
  state: ClientStreamState;
  /** End of what the site has durably, as far as this connection was told. */
  held: number;
  /** The most that the site said it had on this connection: where `held` is less, its store went back. */
  told: number;
  /** End of what was sent on this connection, or `held`: the next segment begins here, or there is a hole. */
  next: number;
  /** What was declared lost and not answered yet. */
  gap: Pick<Gap, 'from' | 'to' | 'cause'> | undefined;
  /** How often the site refused the stream at `refusedAt` although the segment began at or before it. */
  refusals: number;
  refusedAt: number;
}

export class ClientStreams {
  readonly #byId = new Map<Id, ClientStream>();
  readonly #byNumber = new Map<number, ClientStream>();
  #streamsMax = 0;
  #lastNumber = 0;
  #unanswered = 0;

  set streamsMax(value: number) {
    this.#streamsMax = value;
  }

  get lastNumber(): number {
    return this.#lastNumber;
  }

  /** How many streams wait for a Position. */
  get unanswered(): number {
    return this.#unanswered;
  }

  find(streamId: Id): ClientStream | undefined {
    return this.#byId.get(streamId);
  }

  findNumber(number: number): ClientStream | undefined {
    return this.#byNumber.get(number);
  }

  *ofChannel(channel: ChannelName): Iterable<ClientStream> {
    for (const stream of this.#byId.values()) if (stream.channel === channel) yield stream;
  }

  /** Gives the stream a number. `forgotten` is the one that fell out for it. */
  add(streamId: Id, channel: ChannelName): { stream: ClientStream; forgotten: ClientStream | undefined } {
    this.#lastNumber += 1;
    const number = this.#lastNumber;
    const forgotten = this.#forget(number - this.#streamsMax);
    const stream: ClientStream = {
      streamId,
      number,
      channel,
      state: 'asked',
      held: 0,
      told: 0,
      next: 0,
      gap: undefined,
      refusals: 0,
      refusedAt: -1,
    };
    this.#unanswered += 1;
    this.#byId.set(streamId, stream);
    this.#byNumber.set(number, stream);
    return { stream, forgotten };
  }

  setState(stream: ClientStream, state: ClientStreamState): void {
    this.#unanswered += Number(waits(state)) - Number(waits(stream.state));
    stream.state = state;
  }

  #forget(number: number): ClientStream | undefined {
    const stream = this.#byNumber.get(number);
    if (stream === undefined) return undefined;
    this.#byNumber.delete(number);
    this.#byId.delete(stream.streamId);
    if (waits(stream.state)) this.#unanswered -= 1;
    return stream;
  }
}

function waits(state: ClientStreamState): boolean {
  return state === 'asked' || state === 'gap';
}
