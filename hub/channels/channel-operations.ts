/**
 * What operators do to the reader groups of a channel by hand: pause, resume, seek, skip. The queue holds what it means, so it holds for
 * every hub of the site; here it is found out what is meant, said what would be lost, and told to the audit trail. An event of the trail
 * comes before the act: one that tells of something that then failed is followed by one that says so.
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { parseSearchTime } from '../outputs/archive/search/search-time.ts';
import type { AuditActionName } from '../platform/audit-actions.ts';
import { QueueError } from '../queue/queue-error.ts';
import { backTopic, frontTopic, type GroupStatus, type Queue } from '../queue/queue.ts';
import type { SeekTarget } from '../queue/seek.ts';
import type { Registry } from '../registry/registry.ts';
import { type ChannelView, channelViews } from './channel-views.ts';
import { OperationError } from './operation-error.ts';
import { pauseNote, pauseNoteKey } from './pause-notes.ts';
import type { SeekRequest, SkipRequest } from './requests.ts';
import { type TopicView, topicViews } from './topic-views.ts';

/** Who asks: as the audit trail has it. */
export interface Actor {
  readonly actor: string;
  readonly address: string;
}

export interface ChannelOperationsParts {
  readonly queue: Pick<Queue, 'status' | 'read' | 'pauseGroup' | 'seekGroup' | 'skipEntries'>;
  readonly registry: Pick<Registry, 'record' | 'setMeta'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Something was changed. */
  readonly onChanged: () => void;
}

export interface MovedPlace {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly skippedRecords: number;
}

const countPageEntries = 1000;

export class ChannelOperations {
  readonly #parts: ChannelOperationsParts;

  constructor(parts: ChannelOperationsParts) {
    this.#parts = parts;
  }

  async list(): Promise<ChannelView[]> {
    return channelViews(await this.#parts.queue.status());
  }

  async topics(): Promise<TopicView[]> {
    return topicViews(await this.#parts.queue.status());
  }

  /** Gives the groups that it holds for: without one named, all that read the front topic. */
  async pause(
    channel: ChannelName,
    { group, paused }: { group?: string | undefined; paused: boolean },
    by: Actor,
  ): Promise<string[]> {
    const { queue, registry, clock } = this.#parts;
    const places = await this.#placesOf(channel, group);
    const groups = new Map(places.map((place) => [place.group, place.topic]));
    const action = paused ? 'channel-paused' : 'channel-resumed';
    await this.#audited({ action, channel, by, details: { groups: [...groups.keys()].join(' ') } }, async () => {
      for (const [name, topic] of groups) {
        await queue.pauseGroup(topic, name, paused);
        const note = paused ? pauseNote({ by: by.actor, atMs: clock.now() }) : '';
        await registry.setMeta({ [pauseNoteKey(topic, name)]: note });
      }
    });
    return [...groups.keys()];
  }

  async seek(channel: ChannelName, request: SeekRequest, by: Actor): Promise<MovedPlace[]> {
    const { queue } = this.#parts;
    const { group, to, yes = false } = request;
    const target = this.#targetOf(to);
    const places = this.#chosen(await this.#placesOf(channel, group), request.partition);
    if (target.kind === 'sequence' && places.length > 1) {
      throw new OperationError('unclear', `group ${group} reads ${places.length} partitions: name one of them by --partition`);
    }
    if (!yes) await this.#demandNothingSkipped(places, target);
    const moved: MovedPlace[] = [];
    await this.#audited(
      { action: 'channel-sought', channel, by, details: { group, to, partition: places[0]?.partition ?? 0 } },
      async () => {
        for (const { topic, partition, cursor: from } of places) {
          const sought = await queue.seekGroup({ topic, group, partition }, target);
          moved.push({ partition, from, to: sought.cursor, skippedRecords: sought.skippedRecords });
        }
      },
    );
    return moved;
  }

  /** Gives the partition, and how many entries were put aside. */
  async skip(channel: ChannelName, request: SkipRequest, by: Actor): Promise<{ partition: number; skipped: number }> {
    const { queue } = this.#parts;
    const { group, count = 1 } = request;
    const places = this.#chosen(await this.#placesOf(channel, group), request.partition);
    const waiting = places.filter(({ entries }) => entries > 0);
    const [place, ...others] = waiting;
    if (place === undefined) throw new OperationError('refused', `nothing waits for group ${group} of ${channel}`);
    if (others.length > 0) {
      const where = waiting
        .map(({ partition }) => partition)
        .slice(0, 10)
        .join(', ');
      throw new OperationError(
        'unclear',
        `entries wait for ${group} in the partitions ${where}: name one of them by --partition`,
      );
    }
    const { topic, partition } = place;
    let skipped = 0;
    await this.#audited({ action: 'channel-skipped', channel, by, details: { group, count, partition } }, async () => {
      skipped = await queue.skipEntries({ topic, group, partition }, count, `skipped by ${by.actor}`);
    });
    return { partition, skipped };
  }

  async #placesOf(channel: ChannelName, group: string | undefined): Promise<GroupStatus[]> {
    const { groups, channels } = await this.#parts.queue.status();
    const [front, back] = [frontTopic(channel), backTopic(channel)];
    const ofChannel = groups.filter(({ topic }) => topic === front || topic === back);
    if (ofChannel.length === 0 && !channels.some((known) => known.channel === channel)) {
      throw new OperationError('unknown', `there is no channel ${channel}: channel list shows them`);
    }
    const places = ofChannel.filter((place) => (group === undefined ? place.topic === front : place.group === group));
    if (places.length > 0) return places.toSorted((one, other) => one.partition - other.partition);
    const known = [...new Set(ofChannel.map((place) => place.group))].join(', ') || 'none';
    throw new OperationError(
      'unknown',
      `channel ${channel} has no ${group === undefined ? 'group' : `group ${group}`} there: it has ${known}`,
    );
  }

  #chosen(places: readonly GroupStatus[], partition: number | undefined): readonly GroupStatus[] {
    if (partition === undefined)
      return places.length > 1 ? places.filter(({ cursor, entries }) => cursor > 0 || entries > 0) : places;
    const chosen = places.filter((place) => place.partition === partition);
    if (chosen.length === 0) throw new OperationError('unknown', `there is no partition ${partition} of it`);
    return chosen;
  }

  #targetOf(to: string): SeekTarget {
    if (to === 'earliest') return { kind: 'beginning' };
    if (to === 'latest') return { kind: 'end' };
    if (/^\d{1,15}$/.test(to)) return { kind: 'sequence', sequence: Number(to) };
    const receivedMs = parseSearchTime(to, this.#parts.clock.now());
    if (receivedMs !== undefined) return { kind: 'time', receivedMs };
    throw new OperationError(
      'unclear',
      'to must be earliest, latest, the number of an entry, or a time such as 2026-11-21T10:00:00Z or 2h',
    );
  }

  async #demandNothingSkipped(places: readonly GroupStatus[], target: SeekTarget): Promise<void> {
    let records = 0;
    for (const place of places) records += await this.#skippedBy(place, target);
    if (records === 0) return;
    const what = records === 1 ? '1 record is' : `${records} records are`;
    throw new OperationError('unconfirmed', `${what} skipped by this, and never read by this group: say yes if they may be`);
  }

  /** Records between the cursor and where it would go. */
  async #skippedBy({ topic, partition, cursor, records }: GroupStatus, target: SeekTarget): Promise<number> {
    if (target.kind === 'beginning') return 0;
    if (target.kind === 'end') return records;
    let skipped = 0;
    for (let afterSequence = cursor; ;) {
      const page = await this.#parts.queue.read(
        { topic, partition, afterSequence },
        { entries: countPageEntries, bytes: Infinity, bodies: false },
      );
      for (const entry of page) {
        const isThere = target.kind === 'sequence' ? entry.sequence >= target.sequence : entry.receivedMs >= target.receivedMs;
        if (isThere) return skipped;
        skipped += entry.records;
      }
      const last = page.at(-1);
      if (last === undefined) return skipped;
      afterSequence = last.sequence;
    }
  }

  async #audited(
    done: { action: AuditActionName; channel: ChannelName; by: Actor; details: Readonly<Record<string, string | number>> },
    act: () => Promise<void>,
  ): Promise<void> {
    const { registry, onChanged } = this.#parts;
    const { action, channel, by, details } = done;
    const [tenant] = channel.split('/');
    const event = { action, ...by, tenant, details: { channel, ...details } };
    await registry.record({ ...event, outcome: 'success' });
    try {
      await act();
    } catch (error) {
      await registry.record({ ...event, outcome: 'failure' });
      if (error instanceof QueueError) throw new OperationError('refused', error.message, { cause: error });
      throw error;
    } finally {
      onChanged();
    }
  }
}
