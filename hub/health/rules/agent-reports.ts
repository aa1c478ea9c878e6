/**
 * What agents told of troubles, from their events as they pass: each stands until the event that ends it, until the agent starts anew, or,
 * of what is over and done such as lost records, for a time. Of one agent and in all it is bounded.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import { agentMeasured } from '@tributary/protocol/platform/agent-measured.ts';
import { asFields, type Fields } from '@tributary/protocol/platform/document.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { PlatformDocument } from '../../measurements/platform-document.ts';
import type { FindingKind } from '../findings.ts';
import { agentsToldMax, toldTextMax, troublesPerAgentMax } from './limits.ts';

type TroubleKind = Extract<FindingKind, 'agent-input' | 'agent-source' | 'agent-buffer' | 'agent-trouble' | 'agent-lost'>;

export interface AgentTrouble {
  readonly kind: TroubleKind;
  readonly level: 'yellow' | 'red';
  /** What it is about: an input, a file, a hub; empty of the agent as a whole. */
  readonly what: string;
  /** Without the agent's name. */
  readonly reason: string;
}

interface ToldTrouble extends AgentTrouble {
  readonly receivedMs: number;
}

interface Begins {
  readonly kind: TroubleKind;
  readonly level: 'yellow' | 'red';
  /** Of those that end together, such as all that concerns the configuration. */
  readonly group: string;
  readonly text: (about: EventAbout) => string;
}

interface EventAbout {
  readonly what: string;
  readonly why: string;
  readonly fields: Fields;
}

export const bufferFullText =
  'its buffer is full: files wait in place, and what cannot wait is lost; see why it cannot send, or give it more room';
export const diskFullText = 'the disk of its buffer is full: nothing more is read; make room there';

const begins: Readonly<Record<string, Begins>> = {
  'input-failed': {
    kind: 'agent-input',
    level: 'red',
    group: 'input',
    text: ({ what, why }) => `input ${what} broke: ${why}; it starts again by itself`,
  },
  'source-failed': {
    kind: 'agent-source',
    level: 'yellow',
    group: 'source',
    text: ({ what, why }) =>
      `${what} cannot be read: ${why}; see that it is there and that the user of tributary-agent may read it: it is tried again`,
  },
  'buffer-full': {
    kind: 'agent-buffer',
    level: 'red',
    group: 'buffer',
    text: () => bufferFullText,
  },
  'disk-full': {
    kind: 'agent-buffer',
    level: 'red',
    group: 'disk',
    text: () => diskFullText,
  },
  'config-refused': {
    kind: 'agent-trouble',
    level: 'yellow',
    group: 'configuration',
    text: ({ why }) => `a changed configuration is refused, and the one before goes on: ${why}`,
  },
  'hub-untrusted': {
    kind: 'agent-trouble',
    level: 'red',
    group: 'hub',
    text: ({ what, why }) => `it does not trust the hub ${what}: ${why}`,
  },
  'hub-refused': {
    kind: 'agent-trouble',
    level: 'red',
    group: 'hub',
    text: ({ what, why }) => `the hub ${what} lets it not in: ${why}`,
  },
  'certificate-renewal-failed': {
    kind: 'agent-trouble',
    level: 'yellow',
    group: 'certificate',
    text: ({ why }) => `its certificate could not be renewed, and it is tried again: ${why}`,
  },
  'certificate-unusable': {
    kind: 'agent-trouble',
    level: 'yellow',
    group: 'certificate',
    text: ({ why }) => `changed certificates cannot be used, and those before go on: ${why}`,
  },
  'rotation-failed': {
    kind: 'agent-trouble',
    level: 'yellow',
    group: 'rotation',
    text: ({ what, why }) => `${what} cannot be rotated: ${why}`,
  },
  'rotation-blocked': {
    kind: 'agent-trouble',
    level: 'yellow',
    group: 'rotation',
    text: ({ what, why }) => `rotating ${what} waits: ${why}`,
  },
  'time-zone-unknown': {
    kind: 'agent-trouble',
    level: 'yellow',
    group: 'time-zone',
    text: () => 'the time zone that TZ names is not known on its machine: UTC is used',
  },
  'data-lost': { kind: 'agent-lost', level: 'yellow', group: 'lost', text: lostText },
  gap: { kind: 'agent-lost', level: 'yellow', group: 'lost', text: lostText },
  'batch-rejected': {
    kind: 'agent-lost',
    level: 'yellow',
    group: 'lost',
    text: ({ why }) => `no hub takes a batch, which is set aside in its buffer: ${why}`,
  },
};

interface Ends {
  readonly group: string;
  /** Only what it names ends. */
  readonly isOne?: true;
}

const ends: Readonly<Record<string, Ends>> = {
  'input-recovered': { group: 'input', isOne: true },
  'source-recovered': { group: 'source', isOne: true },
  'file-opened': { group: 'source', isOne: true },
  'buffer-has-room': { group: 'buffer' },
  'disk-has-room': { group: 'disk' },
  'config-changed': { group: 'configuration' },
  'hub-found': { group: 'hub' },
  'certificate-renewed': { group: 'certificate' },
  'rotation-done': { group: 'rotation', isOne: true },
};

export type TroubleGroup = 'buffer' | 'disk' | 'input' | 'source';

/** Of all of them: the agent started. */
const anyGroup = 'any';

interface ToldAgent {
  /** By group and what they are about; the oldest first. */
  readonly troubles: Map<string, ToldTrouble>;
  /** Why it stopped; undefined while it runs. */
  farewell: string | undefined;
  /** Groups of which it told that a trouble begins or ends, after it had measured last. */
  readonly unmeasured: Set<string>;
}

export class AgentReports {
  /** The one that told longest ago first. */
  readonly #agents = new Map<Id, ToldAgent>();

  take(document: PlatformDocument): void {
    const { agentId, action, fields } = document;
    if (document.dataset !== 'tributary.agent' || asFields(fields['agent'])['type'] !== 'tributary') return;
    const begun = begins[action];
    const ended = ends[action];
    if (begun !== undefined) this.#begin(document, begun);
    if (action === 'agent-started') this.#startedAnew(document);
    if (action === 'agent-stopped') this.#of(agentId).farewell = `it was stopped: ${aboutOf(fields).why}`;
    if (ended !== undefined) this.#end(document, ended);
    // In the order in which it told them: its clock may have been set back between two of them.
    if (action === agentMeasured) this.#agents.get(agentId)?.unmeasured.clear();
  }

  /** What is over and done is told for `lostMs`. */
  troublesOf(agentId: Id, { nowMs, lostMs }: { readonly nowMs: number; readonly lostMs: number }): AgentTrouble[] {
    const { troubles } = this.#agents.get(agentId) ?? {};
    if (troubles === undefined) return [];
    for (const [key, { kind, receivedMs }] of troubles) {
      if (kind === 'agent-lost' && nowMs - receivedMs >= lostMs) troubles.delete(key);
    }
    return [...troubles.values()];
  }

  /** Whether it measured since it told last that a trouble of one of these groups begins or ends, or that it started; also where it told nothing here. */
  isMeasuredSince(agentId: Id, groups: readonly TroubleGroup[]): boolean {
    const { unmeasured } = this.#agents.get(agentId) ?? {};
    return unmeasured === undefined || [...groups, anyGroup].every((group) => !unmeasured.has(group));
  }

  farewellOf(agentId: Id): string | undefined {
    return this.#agents.get(agentId)?.farewell;
  }

  /** Agents of which another hub reads what they tell. */
  keepOnly(isOurs: (agentId: Id) => boolean): void {
    for (const agentId of this.#agents.keys()) if (!isOurs(agentId)) this.#agents.delete(agentId);
  }

  #begin({ agentId, fields, receivedMs }: PlatformDocument, { kind, level, group, text }: Begins): void {
    const { troubles, unmeasured } = this.#of(agentId);
    unmeasured.add(group);
    const about = aboutOf(fields);
    const key = keyOf(group, about.what);
    const reason = text({ ...about, fields }).slice(0, toldTextMax);
    if (!troubles.has(key) && troubles.size >= troublesPerAgentMax) return;
    troubles.set(key, { kind, level, what: about.what, reason, receivedMs });
  }

  #end({ agentId, fields, action }: PlatformDocument, { group, isOne }: Ends): void {
    const told = this.#agents.get(agentId);
    const keys = isOne === true ? [keyOf(group, aboutOf(fields).what)] : (told?.troubles.keys().toArray() ?? []);
    const over = keys.filter((key) => key.startsWith(`${group} `) && told?.troubles.delete(key) === true);
    // Files are opened all the time: that one is says something of a trouble where it was one's.
    if (over.length > 0 || action !== 'file-opened') this.#of(agentId).unmeasured.add(group);
  }

  /** Whatever lasts it tells again. */
  #startedAnew({ agentId }: PlatformDocument): void {
    const told = this.#of(agentId);
    told.farewell = undefined;
    told.unmeasured.add(anyGroup);
    for (const [key, { kind }] of told.troubles) if (kind !== 'agent-lost') told.troubles.delete(key);
  }

  #of(agentId: Id): ToldAgent {
    const known = this.#agents.get(agentId) ?? newAgent();
    this.#agents.delete(agentId);
    this.#agents.set(agentId, known);
    if (this.#agents.size > agentsToldMax) dropFirst(this.#agents);
    return known;
  }
}

function newAgent(): ToldAgent {
  return { troubles: new Map(), farewell: undefined, unmeasured: new Set() };
}

function dropFirst(map: Map<Id, unknown>): void {
  const [first] = map.keys();
  if (first !== undefined) map.delete(first);
}

function keyOf(group: string, what: string): string {
  return `${group} ${what}`;
}

function aboutOf(fields: Fields): Omit<EventAbout, 'fields'> {
  const { input, source, hub } = asFields(fields['tributary']);
  const path = asFields(asFields(fields['log'])['file'])['path'];
  const what = [path, input, source, hub].find((one) => typeof one === 'string' && one !== '') ?? '';
  const reasons = [asFields(fields['event'])['reason'], asFields(fields['error'])['message'], fields['message']];
  const why = reasons.find((one) => typeof one === 'string' && one !== '') ?? 'its log tells why';
  return { what: textOf(what), why: textOf(why) };
}

function textOf(value: unknown): string {
  return printable(String(value)).slice(0, toldTextMax);
}

function lostText({ what, fields }: EventAbout): string {
  const { cause } = asFields(fields['tributary']);
  const of = what === '' ? '' : ` of ${what}`;
  return `records${of} are lost (${typeof cause === 'string' ? textOf(cause) : 'its log tells why'}): its events tell how much`;
}
