/**
 * The queue's own dead letters: whole entries that a reader could not process, or that an operator had it step over (`channel skip`). They
 * are listed with the others, and dropped or put into their topic again by their numbers or by what is said of them.
 *
 * An entry that comes into its topic again is read by all of its groups. Most of them know it: documents have names, and an upper site knows
 * positions. What leads into the archive does not: there it would be twice. So it comes again only for a reader that leads there, and is
 * for others sought back (`channel seek`) while their topic has it.
 */
import { archiveGroup, channelOf, type DeadEntry, type GroupStatus, pipelineGroup, type Queue } from '../queue/queue.ts';
import type { LetterChoice } from './letter-filter.ts';
import { entriesMax } from './limits.ts';

/** Times are RFC 3339. */
export interface EntryView extends Omit<DeadEntry, 'atMs' | 'receivedMs'> {
  /** `partition.number`, as commands take it. */
  readonly id: string;
  readonly at: string;
  readonly received: string;
  /** Why it cannot come into its topic again; empty where it can. */
  readonly stays: string;
}

export interface EntriesDone {
  readonly done: number;
  /** Cannot come into their topic again, or found no room there. */
  readonly stayed: readonly { readonly id: string; readonly why: string }[];
}

const readsOnce: ReadonlySet<string> = new Set([archiveGroup, pipelineGroup]);

export class DeadEntryOperations {
  readonly #queue: Pick<Queue, 'deadEntries' | 'replayDeadEntry' | 'dropDeadEntries' | 'status' | 'partitions'>;

  constructor(queue: Pick<Queue, 'deadEntries' | 'replayDeadEntry' | 'dropDeadEntries' | 'status' | 'partitions'>) {
    this.#queue = queue;
  }

  async list(choice: LetterChoice, ids: readonly string[] | undefined): Promise<EntryView[]> {
    const { groups } = await this.#queue.status();
    return (await this.#chosen(choice, ids)).map((entry) => {
      const { atMs, receivedMs, ...told } = entry;
      return { ...told, id: idOf(entry), at: timeOf(atMs), received: timeOf(receivedMs), stays: whyStays(entry, groups) };
    });
  }

  async replay(choice: LetterChoice, ids: readonly string[] | undefined): Promise<EntriesDone> {
    const { groups } = await this.#queue.status();
    const stayed: { id: string; why: string }[] = [];
    let done = 0;
    for (const entry of await this.#chosen(choice, ids)) {
      const why = whyStays(entry, groups);
      const result = why === '' ? await this.#queue.replayDeadEntry(entry) : 'stays';
      if (result === 'done') done += 1;
      if (result === 'stays') stayed.push({ id: idOf(entry), why });
      if (result === 'full') stayed.push({ id: idOf(entry), why: `${entry.topic} is full` });
    }
    return { done, stayed };
  }

  async drop(choice: LetterChoice, ids: readonly string[] | undefined): Promise<EntriesDone> {
    let done = 0;
    for (const [partition, entries] of Map.groupBy(await this.#chosen(choice, ids), (entry) => entry.partition)) {
      done += await this.#queue.dropDeadEntries(
        partition,
        entries.map(({ number }) => number),
      );
    }
    return { done, stayed: [] };
  }

  async #chosen(choice: LetterChoice, ids: readonly string[] | undefined): Promise<DeadEntry[]> {
    const found: DeadEntry[] = [];
    const wanted = ids === undefined ? undefined : new Set(ids);
    for (let partition = 0; partition < this.#queue.partitions && found.length < entriesMax; partition += 1) {
      const entries = await this.#queue.deadEntries({ partition, after: 0 }, { entries: entriesMax });
      found.push(...entries.filter((entry) => isChosen(entry, choice) && (wanted?.has(idOf(entry)) ?? true)));
    }
    return found.slice(0, entriesMax);
  }
}

function isChosen({ topic, group, reason, atMs }: DeadEntry, choice: LetterChoice): boolean {
  return choice.channel(channelOf(topic)) && atMs >= choice.sinceMs && choice.error({ type: group, reason });
}

function whyStays({ topic, group }: DeadEntry, groups: readonly GroupStatus[]): string {
  const others = groups.filter((other) => other.topic === topic && other.group !== group && readsOnce.has(other.group));
  const [other] = others;
  return other === undefined ? '' : `group ${other.group} had it: what it leads to would be in the archive twice`;
}

function idOf({ partition, number }: DeadEntry): string {
  return `${partition}.${number}`;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
