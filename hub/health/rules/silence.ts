/**
 * Channels, listeners and sources of agents of which nothing comes although it usually does. What is usual is learned of each of them
 * (cadence.ts), and kept over a start of the hub (cadence-file.ts). Sources are those of agents that are connected to this very hub: of
 * others, and of agents that are away, somebody else tells.
 */
import type { ChannelName, Id } from '@tributary/protocol/messages.ts';
import { isPlatformChannel } from '@tributary/protocol/platform/document.ts';
import type { StreamKey } from '@tributary/protocol/session/server-effect.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { HealthRules } from '../../config/health-options.ts';
import type { SourceEvents } from '../../intake/source-events.ts';
import { channelOf, frontTopic } from '../../queue/queue.ts';
import type { Finding, FindingKind } from '../findings.ts';
import { Cadence, type CadenceState } from './cadence.ts';
import { sourcesKnownMax, streamsKnownMax } from './limits.ts';
import { momentText, type Rule, type RuleFacts } from './rule.ts';

type Kind = Extract<FindingKind, 'channel-silent' | 'listener-silent' | 'source-silent'>;

interface Known {
  readonly kind: Kind;
  readonly name: string;
  readonly cadence: Cadence;
  /** Of what is counted and not told one by one. */
  count: number;
  /** Of a source: its agent is not connected to this hub. */
  isAway: boolean;
}

interface Missed {
  readonly sinceMs: number;
  readonly hubId: Id;
  /** Of agents. */
  readonly hosts: ReadonlyMap<Id, string>;
}

/** As it is stored: by kind and name. */
export type KnownCadences = Readonly<Record<string, CadenceState>>;

export interface SilenceParts {
  readonly siteId: Id;
  readonly now: () => number;
  readonly rules: () => HealthRules['silence'];
  /** The input of an agent that a source belongs to, where that was told. */
  readonly inputOf: (agentId: Id, source: string) => string | undefined;
}

export class Silence implements Rule, SourceEvents {
  readonly kinds = ['channel-silent', 'listener-silent', 'source-silent'] as const;
  readonly #parts: SilenceParts;
  readonly #known = new Map<string, Known>();
  /** What each stream is called here. */
  readonly #streams = new Map<Id, string>();
  /** How many streams have that name. */
  readonly #open = new Map<string, number>();
  /** Agents that were connected to this hub at the last look. */
  #here: ReadonlySet<Id> = new Set();

  constructor(parts: SilenceParts) {
    this.#parts = parts;
  }

  /** Of agents of this site: what a site below brings is its own matter. What agents tell of themselves comes as something happens to them. */
  opened({ siteId, agentId, streamId }: StreamKey, channel: ChannelName, source: string): void {
    if (siteId !== this.#parts.siteId || isPlatformChannel(channel)) return;
    this.#ended(streamId);
    const [first] = this.#streams.keys();
    if (first !== undefined && this.#streams.size >= streamsKnownMax) this.#closed(first);
    const name = `${agentId} ${channel} ${generalName(source)}`;
    this.#streams.set(streamId, name);
    this.#open.set(name, (this.#open.get(name) ?? 0) + 1);
  }

  brought({ streamId }: StreamKey): void {
    const name = this.#streams.get(streamId);
    if (name !== undefined) this.#arrived('source-silent', name);
  }

  /** Files that follow each other are one source: what is usual of it holds for the next one, and nothing is expected before that came. */
  closed({ streamId }: StreamKey): void {
    this.#closed(streamId);
  }

  look(facts: RuleFacts, { silence }: HealthRules): readonly Finding[] {
    this.#count(facts);
    const elsewhere = this.#lookWhoIsHere(facts);
    const hosts = new Map(facts.agents.map(({ agentId, host }) => [agentId, host]));
    const found: Finding[] = [];
    for (const [key, known] of this.#known) {
      const { kind, name, cadence } = known;
      if (kind === 'source-silent') this.#follow(known, { nowMs: facts.nowMs, elsewhere });
      if (facts.nowMs - cadence.lastMs > silence.forget) {
        this.#known.delete(key);
        continue;
      }
      if (!silence.enabled || known.isAway) continue;
      const sinceMs = cadence.silentSince(facts.nowMs, silence);
      if (sinceMs !== undefined) found.push(this.#finding(kind, name, { sinceMs, hubId: facts.hubId, hosts }));
    }
    return found;
  }

  get state(): KnownCadences {
    return Object.fromEntries([...this.#known].map(([key, { cadence }]) => [key, cadence.state]));
  }

  /** What was known before this start. */
  restore(known: KnownCadences): void {
    for (const [key, state] of Object.entries(known).slice(0, sourcesKnownMax)) {
      const kind = this.kinds.find((one) => key.startsWith(`${one} `));
      if (kind === undefined || this.#known.has(key)) continue;
      this.#known.set(key, {
        kind,
        name: key.slice(kind.length + 1),
        cadence: Cadence.continued(state, this.#parts.now()),
        count: -1,
        isAway: false,
      });
    }
  }

  /** Streams of those that went away are opened again when they come back, here or elsewhere. Returns who is connected to another hub. */
  #lookWhoIsHere({ agents }: RuleFacts): ReadonlySet<Id> {
    const here = new Set(agents.filter(({ connectedHere }) => connectedHere).map(({ agentId }) => agentId));
    const gone = new Set([...this.#here].filter((agentId) => !here.has(agentId)));
    this.#here = here;
    if (gone.size > 0) for (const [streamId, name] of this.#streams) if (gone.has(agentOf(name))) this.#ended(streamId);
    return new Set(agents.filter(({ connected, connectedHere }) => connected && !connectedHere).map(({ agentId }) => agentId));
  }

  /**
   * What came of a source while its agent was away nobody here has seen, and nothing is expected of it before the time that is usual; unless it
   * was missed already, as it is still then. One whose agent was at another hub may have been closed there for good: it is expected again once
   * something came.
   */
  #follow(known: Known, { nowMs, elsewhere }: { readonly nowMs: number; readonly elsewhere: ReadonlySet<Id> }): void {
    const agentId = agentOf(known.name);
    const isHere = this.#here.has(agentId);
    if (isHere && known.isAway && !known.cadence.isMissed) known.cadence.resumed(nowMs);
    if (elsewhere.has(agentId)) known.cadence.rest();
    known.isAway = !isHere;
  }

  #count({ queue, listeners }: RuleFacts): void {
    const received = new Map<string, number>();
    for (const { topic, receivedRecords } of queue?.topics ?? []) {
      if (!topic.startsWith(frontTopic(''))) continue;
      const channel = channelOf(topic);
      received.set(channel, (received.get(channel) ?? 0) + receivedRecords);
    }
    for (const [channel, count] of received) this.#counted('channel-silent', channel, count);
    for (const { name, counters } of listeners) this.#counted('listener-silent', name, counters.records);
    if (queue === undefined) return;
    const names = new Set([...received.keys(), ...listeners.map(({ name }) => name)]);
    for (const [key, { kind, name }] of this.#known) if (kind !== 'source-silent' && !names.has(name)) this.#known.delete(key);
  }

  /** Counters begin at nothing with a start: any change is something that came. */
  #counted(kind: Kind, name: string, count: number): void {
    const known = this.#known.get(`${kind} ${name}`);
    if (known?.count === count) return;
    if (count > 0 && known?.count !== -1) this.#arrived(kind, name);
    const counted = this.#known.get(`${kind} ${name}`);
    if (counted !== undefined) counted.count = count;
  }

  #arrived(kind: Kind, name: string): void {
    const key = `${kind} ${name}`;
    const known = this.#known.get(key);
    const nowMs = this.#parts.now();
    if (known?.isAway === true) {
      known.isAway = false;
      known.cadence.resumed(nowMs);
    }
    known?.cadence.arrived(nowMs, this.#parts.rules());
    if (known !== undefined || this.#known.size >= sourcesKnownMax) return;
    this.#known.set(key, { kind, name, cadence: Cadence.begun(nowMs), count: 0, isAway: false });
  }

  #closed(streamId: Id): void {
    const name = this.#ended(streamId);
    if (name !== undefined && !this.#open.has(name)) this.#known.get(`source-silent ${name}`)?.cadence.rest();
  }

  #ended(streamId: Id): string | undefined {
    const name = this.#streams.get(streamId);
    if (name === undefined) return undefined;
    this.#streams.delete(streamId);
    const left = (this.#open.get(name) ?? 1) - 1;
    if (left === 0) this.#open.delete(name);
    else this.#open.set(name, left);
    return name;
  }

  #finding(kind: Kind, name: string, { sinceMs, hubId, hosts }: Missed): Finding {
    const nothing = `came since ${momentText(sinceMs)}, which is longer than is usual at this hour`;
    if (kind === 'channel-silent') {
      return {
        kind,
        subject: name,
        level: 'yellow',
        reason: `channel ${name}: nothing ${nothing}; see whether those who write it run`,
      };
    }
    if (kind === 'listener-silent') {
      const reason = `listener ${printable(name)}: nothing ${nothing}; see whether those who send to it run and reach it`;
      return { kind, subject: `${hubId} ${name}`, level: 'yellow', reason };
    }
    const [agentId = '', channel = ''] = name.split(' ', 2);
    const source = name.slice(agentId.length + channel.length + 2);
    const input = this.#parts.inputOf(agentId, source);
    const host = hosts.get(agentId) ?? '';
    const reason = `${printable(source)} of agent ${agentId} on ${printable(host)}: nothing ${nothing}; see whether what writes it runs`;
    const subject = `${agentId} ${input === undefined ? '' : `${input}: `}${channel} ${source}`;
    return { kind, subject, level: 'yellow', reason };
  }
}

/** Names of sources begin with it. */
function agentOf(name: string): Id {
  return name.slice(0, name.indexOf(' '));
}

/** Files of one program that follow each other are one source: days and numbers in their names are not looked at. */
export function generalName(source: string): string {
  return source.replaceAll(/\d+/g, '#').slice(0, 300);
}
