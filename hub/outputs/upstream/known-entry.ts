import type { OutboxBatch, OutboxStreamId } from '@tributary/protocol/session/outbox.ts';
import type { Entry } from '../../queue/queue.ts';

/** An entry of a front topic as the upstream knows it; its body is read when its turn comes. */
export interface KnownEntry {
  /** Of topic and partition. */
  readonly place: string;
  readonly sequence: number;
  /** When it was received, then when it was answered. */
  sinceMs: number;
  readonly batch: Omit<OutboxBatch, 'bodyBytes'> & {
    /** About so many, until the body was read. */
    bodyBytes: number;
  };
  /** Where what it brings of each of its streams ends. */
  readonly ends: ReadonlyMap<OutboxStreamId, number>;
  body: Uint8Array | undefined;
  /** Answered by the upstream, or set aside. */
  isDone: boolean;
  /** Why it is kept as a dead letter instead. */
  rejected: string | undefined;
  /** It is not offered any more. */
  isGone: boolean;
}

export interface EntryMaking {
  readonly id: number;
  readonly channel: string;
  readonly place: string;
  readonly hop: { readonly siteId: string; readonly hubId: string };
  readonly nameOf: (segment: Entry['segments'][number]) => OutboxStreamId;
}

export function knownEntry(entry: Entry, { id, channel, place, hop, nameOf }: EntryMaking): KnownEntry {
  const { records, inflatedBytes, checksum, createdMs, trims, receivedMs } = entry;
  // What an agent or a lower site sent has this site's hop already, what was made here has none.
  const isNoted = entry.hops.at(-1)?.siteId === hop.siteId;
  const hops = isNoted ? entry.hops : [...entry.hops, { ...hop, receivedMs }];
  return {
    place,
    sequence: entry.sequence,
    sinceMs: receivedMs,
    ends: endsOf(entry, nameOf),
    body: undefined,
    isDone: false,
    rejected: undefined,
    isGone: false,
    batch: {
      id,
      channel,
      segments: entry.segments.map((segment) => {
        const { stream: _, ...rest } = segment;
        return { streamId: nameOf(segment), ...rest };
      }),
      records,
      inflatedBytes,
      bodyBytes: entry.bodyBytes,
      checksum,
      envelope: { createdMs, hops, trims },
    },
  };
}

function endsOf({ segments, trims }: Entry, nameOf: EntryMaking['nameOf']): ReadonlyMap<OutboxStreamId, number> {
  const ends = new Map<OutboxStreamId, number>();
  for (const [index, segment] of segments.entries()) {
    const trim = trims.find((one) => one.segment === index);
    const to = trim === undefined || trim.to === 0 ? segment.to : trim.to;
    ends.set(nameOf(segment), Math.max(ends.get(nameOf(segment)) ?? 0, to));
  }
  return ends;
}
