/**
 * What a destination refused for good (invariant 6), document by document, in a topic of its own: `dead/<tenant>/<type>`. It comes there in the
 * very step that moves the output's cursor past the document, and leaves it when somebody replays or drops it, or when it is too old.
 * One entry holds those of one step as JSON lines, compressed.
 */
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { assert } from '@tributary/shared/assert.ts';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { type Entry, keptUnread, type NewEntry, type Queue, type TopicName } from '../queue/queue.ts';
import * as z from 'zod';

const deadLetterSchema = z.strictObject({
  /** Name of the output that passed it on. */
  output: z.string(),
  /** Its `_id`: under this it is replayed. */
  id: z.string(),
  index: z.string(),
  /** HTTP status of the document's own answer. */
  status: z.int(),
  /** The server's name of the error, such as `mapper_parsing_exception`. */
  type: z.string(),
  reason: z.string(),
  /** When it was refused first. */
  atMs: z.number(),
  /** How often it was refused. */
  tries: z.int().min(1),
  /** The document as it was sent, JSON. */
  document: z.string(),
});

export type DeadLetter = Readonly<z.output<typeof deadLetterSchema>>;

const prefix = keptUnread.dead;
/** The reader group that keeps them. */
export const deadLetterGroup = 'dlq';
const compressionLevel = 3;
/** More than the greatest bulk request: what one entry may inflate to. */
export const deadLetterBytesMax = 256 * 2 ** 20;

export function deadLetterTopic(channel: ChannelName): TopicName {
  return `${prefix}${channel}`;
}

export function isDeadLetterTopic(topic: TopicName): boolean {
  return topic.startsWith(prefix);
}

/**
 * Called before anything is published there: what a destination refuses stays until a person has looked at it. An output calls it for every
 * channel that it reads (Output.prepare).
 */
export async function keepDeadLetters(queue: Pick<Queue, 'ensureGroup'>, channel: ChannelName): Promise<void> {
  await queue.ensureGroup({
    topic: deadLetterTopic(channel),
    group: deadLetterGroup,
    policy: { kind: 'blocking' },
    from: 'beginning',
  });
}

export function deadLetterEntry(letters: readonly DeadLetter[], nowMs: number): NewEntry {
  assert(letters.length > 0, 'an entry holds something');
  const text = Buffer.from(letters.map((letter) => `${JSON.stringify(letter)}\n`).join(''));
  assert(text.length <= deadLetterBytesMax, 'what is refused in one step was sent in few requests');
  const body = zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: compressionLevel } });
  return {
    format: 'event',
    records: letters.length,
    inflatedBytes: text.length,
    segments: [],
    trims: [],
    createdMs: nowMs,
    hops: [],
    checksum: crc32(body),
    body,
  };
}

/** Throws when the entry is not what `deadLetterEntry` made. */
export function deadLettersOf(entry: Pick<Entry, 'body'>): DeadLetter[] {
  const text = zstdDecompressSync(entry.body, { maxOutputLength: deadLetterBytesMax }).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => deadLetterSchema.parse(JSON.parse(line)));
}
