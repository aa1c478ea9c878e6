import { recoveredBytesMax, recoveredStreamsMax } from '../limits.ts';
import type { Recovered, RecoveredStream } from '../messages.ts';

/** The answer to Recover, in messages that stay far below a frame's limit. There is always one, and the last one says so. */
export function recoveredMessages(streams: readonly RecoveredStream[]): Recovered[] {
  const chunks: RecoveredStream[][] = [[]];
  let bytes = 0;
  for (const stream of streams) {
    const streamBytes = bytesAtMost(stream);
    const chunk = chunks.at(-1) ?? [];
    if (chunk.length > 0 && (chunk.length >= recoveredStreamsMax || bytes + streamBytes > recoveredBytesMax)) {
      chunks.push([stream]);
      bytes = streamBytes;
    } else {
      chunk.push(stream);
      bytes += streamBytes;
    }
  }
  return chunks.map((chunk, index) => ({ kind: 'recovered', streams: chunk, last: index === chunks.length - 1 }));
}

/** A character takes at most three bytes in UTF-8 (a pair of them four), a field a few more. */
function bytesAtMost({ identity, attributes }: RecoveredStream): number {
  let characters = identity.path.length + identity.device.length + identity.inode.length + identity.token.length;
  characters += attributes.tenant.length + attributes.type.length + attributes.host.length + attributes.encoding.length;
  let fields = 24;
  for (const [name, value] of Object.entries(attributes.labels)) {
    characters += name.length + value.length;
    fields += 3;
  }
  return characters * 3 + fields * 8 + 128;
}
