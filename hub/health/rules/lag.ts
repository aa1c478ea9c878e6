/**
 * What waits for a reader of a topic: how old it is, and whether the reader gets anywhere at all. A reader that is paused, one that may
 * expire, and dead letters have findings of their own or need none.
 */
import type { HealthRules } from '../../config/health-options.ts';
import { archiveOutputOf } from '../../options.ts';
import { isDeadLetterTopic } from '../../dead-letters/dead-letter.ts';
import { archiveGroup, channelOf, type GroupStatus, pipelineGroup } from '../../queue/queue.ts';
import type { Finding } from '../findings.ts';
import { levelOf, momentText, type Rule, type RuleFacts } from './rule.ts';

interface Reader {
  readonly subject: string;
  readonly group: string;
  readonly channel: string;
  readonly entries: number;
  readonly oldestMs: number;
  /** Sum over the partitions. */
  readonly passed: number;
}

interface Progress {
  readonly passed: number;
  /** When it moved last, or had nothing to read. */
  readonly movedMs: number;
  /** Since when it has moved at each look; undefined: it stood still at the last. */
  readonly movingSinceMs: number | undefined;
  /** Its output told what is the matter. */
  readonly isTold: boolean;
  readonly isStuck: boolean;
}

/** A reader that was stuck gets on when it has moved at each look for longer than this: a step in a long while is none. */
const movingMs = 3000;

/** Too old for less than this is a moment. */
const lastingMs = 3000;

export class Lag implements Rule {
  readonly kinds = ['lag', 'stuck', 'output-behind'] as const;
  readonly #progress = new Map<string, Progress>();
  /** Since when each is too far behind. */
  readonly #behindMs = new Map<string, number>();

  look(facts: RuleFacts, { lag, stuck }: HealthRules): readonly Finding[] {
    const readers = readersOf(facts);
    const found = readers.flatMap((reader) => {
      const extraMs = reader.group === archiveGroup ? (archiveOutputOf(facts.options)?.roll_interval ?? 0) : 0;
      const isStuck = this.#isStuck(reader, facts, stuck.after + extraMs);
      const level = this.#lasting(reader, levelOf(facts.nowMs - reader.oldestMs - extraMs, lag), facts.monotonicMs);
      return [
        ...(stuck.enabled && isStuck ? [stuckFinding(reader, facts)] : []),
        ...(lag.enabled && level !== undefined ? [lagFinding(reader, level)] : []),
      ];
    });
    const known = new Set(readers.map(({ subject }) => subject));
    for (const subject of this.#progress.keys()) if (!known.has(subject)) this.#progress.delete(subject);
    for (const subject of this.#behindMs.keys()) if (!known.has(subject)) this.#behindMs.delete(subject);
    return [...found, ...silentOutputs(found, facts)];
  }

  /** What waited while the hub was away is not behind yet: it is read now. */
  #lasting({ subject }: Reader, level: Finding['level'] | undefined, nowMs: number): Finding['level'] | undefined {
    if (level === undefined) {
      this.#behindMs.delete(subject);
      return undefined;
    }
    return nowMs - this.#behindMs.getOrInsert(subject, nowMs) >= lastingMs ? level : undefined;
  }

  /**
   * Something has waited for `afterMs` while the reader stood still. While its output tells a trouble it is over when it goes on, or nothing as
   * old is left.
   */
  #isStuck(reader: Reader, { monotonicMs, nowMs, outputs }: RuleFacts, afterMs: number): boolean {
    const { subject, group, passed, entries, oldestMs } = reader;
    const before = this.#progress.get(subject);
    const isTold = troubleOf(group, outputs) !== '';
    // What stood still for a trouble has had no time to move when that is over.
    const isFree = before?.isTold === true && !isTold;
    const isMoved = before === undefined || before.passed !== passed || entries === 0;
    const movingSinceMs = isMoved ? (before?.movingSinceMs ?? monotonicMs) : undefined;
    const movedMs = isMoved || isFree ? monotonicMs : before.movedMs;
    const isMoving = movingSinceMs !== undefined && monotonicMs - movingSinceMs >= movingMs;
    const isStep = !isMoving && nowMs - oldestMs >= afterMs && isTold;
    const isStillStuck = before?.isStuck === true && isStep;
    const isStuck = entries > 0 && (monotonicMs - movedMs >= afterMs || isStillStuck);
    this.#progress.set(subject, { passed, movedMs, movingSinceMs, isTold, isStuck });
    return isStuck;
  }
}

/** Of those that somebody runs: what is kept for an output that is gone is told as such. */
function readersOf({ queue, outputs }: RuleFacts): Reader[] {
  const run = new Set([pipelineGroup, ...outputs.map(({ group }) => group)]);
  const isRead = ({ topic, group, policy }: GroupStatus): boolean =>
    policy === 'blocking' && run.has(group) && !isDeadLetterTopic(topic);
  const places = (queue?.groups ?? []).filter(isRead);
  return [...Map.groupBy(places, ({ topic, group }) => `${topic} ${group}`)].flatMap(([subject, all]) => {
    const [first] = all;
    if (first === undefined || all.some(({ paused }) => paused)) return [];
    const oldestMs = Math.min(...all.flatMap((place) => place.oldestMs ?? []));
    const sum = (what: 'entries' | 'cursor'): number => all.reduce((total, place) => total + place[what], 0);
    return [
      { subject, group: first.group, channel: channelOf(first.topic), entries: sum('entries'), passed: sum('cursor'), oldestMs },
    ];
  });
}

/** An output that says nothing is the matter, and gets nowhere with what is for it: where it goes answers late, or not at all. */
function silentOutputs(found: readonly Finding[], { outputs }: RuleFacts): Finding[] {
  const stuck = found.filter(({ kind }) => kind === 'stuck').map(({ subject }) => subject.slice(subject.indexOf(' ') + 1));
  return outputs
    .filter(({ group, trouble }) => trouble === '' && stuck.includes(group))
    .map(({ name }) => {
      const reason = `output ${name} gets nowhere and has no error to tell: see whether what it writes to answers, and how long that takes`;
      return { kind: 'output-behind', subject: name, level: 'yellow', reason };
    });
}

function lagFinding({ subject, group, channel, oldestMs }: Reader, level: Finding['level']): Finding {
  const reason = `${channel}: what came at ${momentText(oldestMs)} still waits for ${group}: it is behind; see what it waits for, or whether more comes than it can do`;
  return { kind: 'lag', subject, level, reason };
}

/** An output that says what is the matter with it has a finding of its own: this one tells what depends on it. */
function stuckFinding({ subject, group, channel, entries }: Reader, { outputs }: RuleFacts): Finding {
  const trouble = troubleOf(group, outputs);
  const why = trouble === '' ? 'see the log of the hubs that work on it' : trouble;
  const reason = `${channel}: ${group} gets nowhere although ${entries === 1 ? 'an entry waits' : 'entries wait'} for it: ${why}`;
  return { kind: 'stuck', subject, level: trouble === '' ? 'red' : 'yellow', reason };
}

function troubleOf(group: string, outputs: RuleFacts['outputs']): string {
  return outputs.find((output) => output.group === group)?.trouble ?? '';
}
