import { encode } from '@tributary/protocol/codec.ts';
import type { Id } from '@tributary/protocol/messages.ts';
import type { Buffer } from './buffer/buffer.ts';
import type { Batcher } from './framing/batcher.ts';
import type { Run, Sink, StreamState } from './inputs/input.ts';

export interface AgentSink extends Sink {
  /** The buffer gave the stream's unacked segments to another one: whoever reads it goes on with that. */
  replaced(streamId: Id, replacement: StreamState): void;
}

/** What inputs push into: streams are the buffer's, runs the batcher's. */
export function createSink(buffer: Buffer, batcher: Batcher, onPushed: (run: Run) => void): AgentSink {
  const listeners: ((streamId: Id, replacement: StreamState) => void)[] = [];
  return {
    streams: () => batcher.overlay(buffer.streams()),
    openStream: async (stream) => {
      mustFitProtocol(stream);
      return await buffer.openStream(stream);
    },
    updateIdentity: (streamId, identity) => buffer.updateIdentity(streamId, identity),
    storeIdentity: async (streamId, identity) => await buffer.storeIdentity(streamId, identity),
    ackedTo: (streamId) => buffer.ackedTo(streamId),
    progressOf: (file) => buffer.progressOf(file),
    progressByFingerprint: (fingerprint, length) => buffer.progressByFingerprint(fingerprint, length),
    endStream: (streamId) => batcher.endStream(streamId),
    push: (run) => {
      onPushed(run);
      return batcher.push(run);
    },
    ready: (signal) => batcher.ready(signal),
    onReplaced: (listener) => void listeners.push(listener),
    replaced: (streamId, replacement) => {
      const pushed = batcher.replaceStream(streamId, replacement);
      for (const listener of listeners) listener(streamId, pushed);
    },
  };
}

const anyId = '00'.repeat(16);

/** A stream that no hub would take must not be stored: it would come back with every start. Asserts by encoding it. */
function mustFitProtocol(stream: Parameters<Sink['openStream']>[0]): void {
  const origin = { siteId: anyId, agentId: anyId };
  encode({ ...stream, kind: 'open-stream', stream: 1, channel: 1, streamId: anyId, origin, wantArchived: false });
}
