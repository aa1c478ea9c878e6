/** What dead letters there are: told together by their errors, and shown one by one. Nothing changes by looking. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { channelOf, type GroupStatus, type Queue } from '../queue/queue.ts';
import { type DeadLetter, deadLetterGroup, isDeadLetterTopic } from './dead-letter.ts';
import type { LetterChoice } from './letter-filter.ts';
import { lettersOf } from './letter-walk.ts';
import { groupsMax, pageBytes, pageEntries, shownBytesMax } from './limits.ts';

/** Letters of one channel, output and error. Times are RFC 3339. */
export interface LetterGroup {
  readonly channel: ChannelName;
  readonly output: string;
  /** The server's name of the error. */
  readonly error: string;
  readonly status: number;
  count: number;
  /** Refused first. */
  oldest: string;
  newest: string;
  /** How often one of them was refused at most. */
  tries: number;
  /** Of one of them. */
  readonly index: string;
  readonly reason: string;
}

export interface LetterList {
  readonly letters: readonly LetterGroup[];
  /** Entries that are not what they should be. */
  readonly unreadable: number;
  /** There are more: it was read for as long as one waits for an answer. */
  readonly isPartial: boolean;
}

export interface ShownLetter extends DeadLetter {
  readonly channel: ChannelName;
}

interface Found {
  readonly channel: ChannelName;
  /** Of one entry; undefined: it cannot be read. */
  readonly letters: readonly DeadLetter[] | undefined;
}

type ReadingQueue = Pick<Queue, 'read' | 'status'>;

/** Where letters wait, in the order of their channels. */
export async function letterPlaces(queue: Pick<Queue, 'status'>, choice: Pick<LetterChoice, 'channel'>): Promise<GroupStatus[]> {
  const { groups } = await queue.status();
  return groups.filter(
    ({ topic, group, entries }) =>
      group === deadLetterGroup && isDeadLetterTopic(topic) && entries > 0 && choice.channel(channelOf(topic)),
  );
}

/** `isLate`: it was asked for long enough. */
export async function listLetters(queue: ReadingQueue, choice: LetterChoice, isLate: () => boolean): Promise<LetterList> {
  const groups = new Map<string, LetterGroup>();
  let unreadable = 0;
  for await (const { channel, letters } of read(queue, choice)) {
    if (letters === undefined) unreadable += 1;
    for (const letter of letters ?? []) if (choice.letter(letter)) add(groups, channel, letter);
    if (isLate()) return { letters: sorted(groups), unreadable, isPartial: true };
  }
  return { letters: sorted(groups), unreadable, isPartial: false };
}

/** The first of them, up to `limit` and some bytes. */
export async function showLetters(queue: ReadingQueue, choice: LetterChoice, limit: number): Promise<ShownLetter[]> {
  const shown: ShownLetter[] = [];
  let bytes = 0;
  for await (const { channel, letters = [] } of read(queue, choice)) {
    for (const letter of letters) {
      if (!choice.letter(letter)) continue;
      bytes += letter.document.length;
      if (shown.length > 0 && bytes > shownBytesMax) return shown;
      shown.push({ channel, ...letter });
      if (shown.length >= limit) return shown;
    }
  }
  return shown;
}

async function* read(queue: ReadingQueue, choice: LetterChoice): AsyncGenerator<Found> {
  for (const { topic, partition, cursor } of await letterPlaces(queue, choice)) {
    for (let afterSequence = cursor; ;) {
      const page = await queue.read({ topic, partition, afterSequence }, { entries: pageEntries, bytes: pageBytes });
      const last = page.at(-1);
      if (last === undefined) break;
      afterSequence = last.sequence;
      for (const entry of page) yield { channel: channelOf(topic), letters: lettersOf(entry) };
    }
  }
}

function add(groups: Map<string, LetterGroup>, channel: ChannelName, letter: DeadLetter): void {
  const { output, index, reason, tries, status } = letter;
  const isOver = groups.size >= groupsMax;
  const error = isOver ? 'others' : letter.type;
  const atText = new Date(letter.atMs).toISOString();
  const key = JSON.stringify([channel, output, error, isOver ? 0 : status]);
  const group = groups.getOrInsertComputed(key, () => {
    return { channel, output, error, status, count: 0, oldest: atText, newest: atText, tries, index, reason };
  });
  group.count += 1;
  if (atText < group.oldest) group.oldest = atText;
  if (atText > group.newest) group.newest = atText;
  group.tries = Math.max(group.tries, tries);
}

function sorted(groups: ReadonlyMap<string, LetterGroup>): LetterGroup[] {
  return [...groups.values()].toSorted(
    (one, other) => compared(one.channel, other.channel) || compared(one.output, other.output) || other.count - one.count,
  );
}

function compared(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
