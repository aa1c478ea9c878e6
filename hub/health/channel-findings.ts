/**
 * Channels whose data does not flow as it should: paused by hand, kept for an output that is gone, read by nobody, or waiting for longer
 * than the configuration lets it; and whose books do not balance.
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { formatDuration } from '@tributary/shared/options/units.ts';
import { pauseNoteKey, readPauseNote } from '../channels/pause-notes.ts';
import { topicRulesOf } from '../config/topic-rules.ts';
import { deadEntryFindings, deadLetterFindings, fullTopicFindings } from '../dead-letters/dead-letter-findings.ts';
import { isDeadLetterTopic } from '../dead-letters/dead-letter.ts';
import { Wake } from '../groups/wake.ts';
import type { HubOptions } from '../options.ts';
import type { RemovedOutput } from '../outputs/output-notes.ts';
import { backTopic, frontTopic, type GroupStatus, type Queue, type QueueStatus, type TopicName } from '../queue/queue.ts';
import { queueLimits } from '../queue/limits.ts';
import type { Registry } from '../registry/registry.ts';
import type { HubStore } from '../store/hub-store.ts';
import { queueLimitsOf } from '../store/queue-limits-of.ts';
import { booksOf } from '../status/books.ts';
import { BooksFindings } from './books-findings.ts';
import type { Finding, Findings } from './findings.ts';

export interface ChannelFindingsParts {
  readonly queue: Pick<Queue, 'status'>;
  readonly store: HubStore['kind'];
  readonly registry: Pick<Registry, 'meta'>;
  readonly findings: Pick<Findings, 'set'>;
  readonly clock: Clock;
  /** As the configuration has it now. */
  readonly options: () => HubOptions['queue'];
  /** Whether an output of this hub takes a channel: it registers as a reader a moment after the channel appeared. */
  readonly isRead: (channel: ChannelName) => boolean;
  readonly hasArchive: () => boolean;
  /** What was looked at now. */
  readonly onLooked: (status: QueueStatus) => void;
  readonly removedOutputs: (status: QueueStatus) => Promise<readonly RemovedOutput[]>;
}

/** A single hub is asked what it has in its own file; of a Redis it costs some calls for each partition. */
const lookMs = { sqlite: 2000, redis: 5000 };

export class ChannelFindings {
  readonly #parts: ChannelFindingsParts;
  readonly #wake = new Wake();
  readonly #books = new BooksFindings();

  constructor(parts: ChannelFindingsParts) {
    this.#parts = parts;
  }

  /** Something was changed by hand: nobody wants to wait for the next look. */
  look(): void {
    this.#wake.notify();
  }

  /** Until aborted. A queue that cannot be asked now is asked again; what was found stands. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#tell().catch(() => undefined);
      await this.#wake.wait(this.#parts.clock, signal, lookMs[this.#parts.store]);
    }
  }

  async #tell(): Promise<void> {
    const { queue, registry, findings, clock, options, isRead, hasArchive, removedOutputs } = this.#parts;
    const status = await queue.status();
    findings.set('channel-paused', pausedGroups(status, registry));
    findings.set('channel-unread', unreadChannels(status, isRead));
    findings.set('retention-exceeded', exceeded(status, options(), clock.now()));
    findings.set('books-unbalanced', this.#books.look(booksOf(status, hasArchive()), clock.monotonic()));
    findings.set('dead-letters', deadLetterFindings(status));
    findings.set('dead-letters-full', fullTopicFindings(status, queueLimits(queueLimitsOf({ queue: options() }))));
    findings.set('dead-entries', deadEntryFindings(status));
    this.#parts.onLooked(status);
    findings.set('output-removed', (await removedOutputs(status)).map(removedOutput));
  }
}

function pausedGroups({ groups }: QueueStatus, registry: Pick<Registry, 'meta'>): Finding[] {
  const paused = Map.groupBy(
    groups.filter((place) => place.paused),
    ({ topic, group }) => `${topic} ${group}`,
  );
  return [...paused].flatMap(([subject, places]) => {
    const [{ topic, group } = { topic: '', group: '' }] = places;
    const note = readPauseNote(registry.meta(pauseNoteKey(topic, group)));
    const by = note === undefined ? '' : ` by ${note.by} since ${new Date(note.atMs).toISOString()}`;
    const reason = `${nameOf(topic)}: group ${group} is paused${by}: what comes in is kept until the topic is full; tributary-hub channel resume ends it`;
    return [{ kind: 'channel-paused', subject, level: 'yellow', reason } as const];
  });
}

/** Lines that nobody reads are kept, and hold up their senders once the topic is full. */
function unreadChannels({ topics, groups }: QueueStatus, isRead: ChannelFindingsParts['isRead']): Finding[] {
  const front = frontTopic('');
  const read = new Set(groups.map(({ topic }) => topic));
  const unread = Map.groupBy(
    topics.filter(({ topic, entries }) => topic.startsWith(front) && entries > 0 && !read.has(topic) && !isRead(nameOf(topic))),
    ({ topic }) => topic,
  );
  return [...unread].map(([subject, places]) => {
    const bytes = places.reduce((sum, place) => sum + place.bytes, 0);
    const reason = `${nameOf(subject)}: no output reads it: ${bytes} bytes are kept, and its senders wait once the topic is full; add an output that takes it`;
    return { kind: 'channel-unread', subject, level: 'yellow', reason };
  });
}

function exceeded({ groups }: QueueStatus, options: HubOptions['queue'], nowMs: number): Finding[] {
  const late = Map.groupBy(
    groups.filter(
      (place) => place.policy === 'blocking' && !isDeadLetterTopic(place.topic) && waitsTooLong(place, options, nowMs),
    ),
    ({ topic, group }) => `${topic} ${group}`,
  );
  return [...late].flatMap(([subject, places]) => {
    const [{ topic, group } = { topic: '', group: '' }] = places;
    const waitedMs = nowMs - Math.min(...places.flatMap(({ oldestMs }) => oldestMs ?? []));
    const limit = `${isFront(topic) ? 'front' : 'back'}_retention (${formatDuration(retentionMs(topic, options))})`;
    const reason = `${nameOf(topic)}: what waits for group ${group} is ${formatDuration(wholeMinutes(waitedMs))} old, over ${limit}: find out what holds it up, as tributary-hub channel list and the log tell`;
    return [{ kind: 'retention-exceeded', subject, level: 'red', reason } as const];
  });
}

function waitsTooLong({ topic, oldestMs }: GroupStatus, options: HubOptions['queue'], nowMs: number): boolean {
  return oldestMs !== undefined && nowMs - oldestMs > retentionMs(topic, options);
}

function retentionMs(topic: TopicName, options: HubOptions['queue']): number {
  const rules = topicRulesOf(options, nameOf(topic));
  return isFront(topic) ? rules.frontRetentionMs : rules.backRetentionMs;
}

function removedOutput({ name, group, entries, bytes }: RemovedOutput): Finding {
  const kept = entries === 0 ? 'nothing waits for it yet' : `${entries} entries, ${bytes} bytes are kept for it`;
  const reason = `output ${name} (${group}) is in no configuration any more: ${kept}; put it back, or end this with tributary-hub output forget ${name}`;
  return { kind: 'output-removed', subject: group, level: 'yellow', reason };
}

function isFront(topic: TopicName): boolean {
  return topic.startsWith(frontTopic(''));
}

function nameOf(topic: TopicName): ChannelName {
  const prefix = isFront(topic) ? frontTopic('') : backTopic('');
  return topic.startsWith(prefix) ? topic.slice(prefix.length) : topic;
}

function wholeMinutes(ms: number): number {
  return Math.floor(ms / 60_000) * 60_000;
}
