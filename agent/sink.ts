import { encode } from '@tributary/protocol/codec.ts';
import type { Id } from '@tributary/protocol/messages.ts';
import type { Buffer } from './buffer/buffer.ts';
import type { OverflowBatcher } from './framing/overflow-batcher.ts';
import type { FileProgress, Run, Sink, StreamState } from './inputs/input.ts';

export interface AgentSinksOptions {
  readonly buffer: Buffer;
  readonly batcher: OverflowBatcher;
  readonly onPushed: (run: Run) => void;
}

/** What inputs push into: streams are the buffer's, runs the batcher's. Each input has one of its own. */
export class AgentSinks {
  readonly #options: AgentSinksOptions;
  readonly #listeners = new Set<(streamId: Id, replacement: StreamState) => void>();

  constructor(options: AgentSinksOptions) {
    this.#options = options;
  }

  /** A sink for one input. It knows what of its own waits for room; disposing ends what it told its input. */
  create(): Sink & Disposable {
    const { buffer, batcher } = this.#options;
    const own = new Set<(streamId: Id, replacement: StreamState) => void>();
    let refused: Id | undefined;
    return {
      shared: this,
      streams: () => batcher.overlay(buffer.streams()),
      openStream: async (stream) => {
        mustFitProtocol(stream);
        return await buffer.openStream(stream);
      },
      updateIdentity: (streamId, identity) => buffer.updateIdentity(streamId, identity),
      storeIdentity: async (streamId, identity) => await buffer.storeIdentity(streamId, identity),
      ackedTo: (streamId) => buffer.ackedTo(streamId),
      storedTo: (streamId) => buffer.storedTo(streamId),
      progressOf: (file) => this.#pushed(buffer.progressOf(file)),
      progressByFingerprint: (fingerprint, length) => this.#pushed(buffer.progressByFingerprint(fingerprint, length)),
      endStream: (streamId) => batcher.endStream(streamId),
      push: (run) => {
        this.#options.onPushed(run);
        const hasRoom = batcher.push(run);
        if (!hasRoom) refused = run.streamId;
        return hasRoom;
      },
      ready: (signal) => batcher.ready(refused, signal),
      onReplaced: (listener) => {
        own.add(listener);
        this.#listeners.add(listener);
      },
      [Symbol.dispose]: () => {
        for (const listener of own) this.#listeners.delete(listener);
      },
    };
  }

  /** The buffer gave the stream's unacked segments to another one: whoever reads it goes on with that. */
  replaced(streamId: Id, replacement: StreamState): void {
    const pushed = this.#options.batcher.replaceStream(streamId, replacement);
    for (const listener of this.#listeners) listener(streamId, pushed);
  }

  #pushed(progress: readonly FileProgress[]): readonly FileProgress[] {
    return progress.map(({ stream, ackedTo }) => ({ stream: this.#options.batcher.pushed(stream), ackedTo }));
  }
}

const anyId = '00'.repeat(16);

/** A stream that no hub would take must not be stored: it would come back with every start. Asserts by encoding it. */
function mustFitProtocol(stream: Parameters<Sink['openStream']>[0]): void {
  const origin = { siteId: anyId, agentId: anyId };
  encode({ ...stream, kind: 'open-stream', stream: 1, channel: 1, streamId: anyId, origin, wantArchived: false });
}
