/**
 * How each agent was when it told last, in memory: of this site, and of the sites below, whose platform channels come up with everything else.
 * Bounded: of too many agents the one that was heard of longest ago is forgotten.
 */
import { type AgentMeasured, agentMeasured, type MeasuredFile } from '@tributary/protocol/platform/agent-measured.ts';
import { asFields } from '@tributary/protocol/platform/document.ts';
import type { Id } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { agentsMax, diskAgeMsMax, forgetAfterMs, labelsKeptMax, placedAgainMs, sampleAgeMsMax, textKeptMax } from '../limits.ts';
import { isOfItself, type PlatformDocument } from '../platform-document.ts';
import { type Sample, type SeriesName, sampleOf, seriesNames } from '../series.ts';
import { kept } from './kept.ts';
import { measuredOf } from './measured-shape.ts';

export interface AgentState {
  readonly siteId: Id;
  readonly agentId: Id;
  readonly tenant: string;
  readonly host: string;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  /** When this hub received something of it last. */
  readonly heardMs: number;
  /** By the agent's clock. */
  readonly measuredMs: number | undefined;
  readonly measured: AgentMeasured | undefined;
  /** As they were told last, which is less often. */
  readonly files: readonly MeasuredFile[];
  /** The newest of each series. */
  readonly sample: Sample;
  /** How full its machine is, as it told this hub since its start, and told soon after it measured it. */
  readonly machine?: ToldMachine | undefined;
}

export interface ToldMachine {
  readonly memory?: { readonly percent: number; readonly receivedMs: number };
  /** Of the fullest file system; `mount` is empty where it did not tell which. */
  readonly disk?: { readonly percent: number; readonly mount: string; readonly receivedMs: number };
}

type Changing = { -readonly [Key in keyof Omit<AgentState, 'sample'>]: AgentState[Key] } & {
  readonly sample: Partial<Record<SeriesName, number>>;
  readonly sampledMs: Partial<Record<SeriesName, number>>;
  /** When it was put last in the order of those that were heard of. */
  placedMs: number;
};

export class AgentStates {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #states = new Map<Id, Changing>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  get(agentId: Id): AgentState | undefined {
    return this.#states.get(agentId);
  }

  all(): IteratorObject<AgentState> {
    return this.#states.values();
  }

  /** Takes what a document says of its agent. Undefined: it says nothing of it, or speaks for another. */
  take(document: PlatformDocument, sample: Sample = sampleOf(document)): AgentState | undefined {
    const { fields, atMs, receivedMs } = document;
    if (!isOfItself(document)) return undefined;
    const state = this.#stateOf(document);
    const told = document.action === agentMeasured ? asFields(fields['tributary'])['measured'] : undefined;
    const measured = told === undefined ? undefined : measuredOf(told, state.measured, state.files);
    // By either clock: one of the two may have been set back.
    const isNewer = atMs >= (state.measuredMs ?? 0) || receivedMs > state.heardMs;
    state.heardMs = Math.max(state.heardMs, receivedMs);
    if (measured !== undefined && isNewer) {
      state.measuredMs = atMs;
      state.measured = measured;
      state.files = measured.files ?? state.files;
    }
    addSample(state, sample, atMs);
    state.machine = machineOf(document, sample, state.machine);
    return state;
  }

  /** As it was known elsewhere, or before a restart. What is known here and newer stays. */
  adopt(state: AgentState): void {
    const known = this.#states.get(state.agentId);
    if (known !== undefined && known.heardMs >= state.heardMs) return;
    if (known === undefined && this.#states.size >= agentsMax) this.#forgetOldest();
    const atMs = state.measuredMs ?? state.heardMs;
    const sampledMs = Object.fromEntries(Object.keys(state.sample).map((name) => [name, atMs]));
    this.#states.delete(state.agentId);
    this.#states.set(state.agentId, { ...state, sample: { ...state.sample }, sampledMs, placedMs: state.heardMs });
  }

  /** Those that were not heard of for a week are nobody's any more. */
  forgetOld(): void {
    const before = this.#clock.now() - forgetAfterMs;
    for (const [agentId, { heardMs }] of this.#states) {
      if (heardMs >= before) break;
      this.#states.delete(agentId);
    }
  }

  #stateOf({ siteId, agentId, tenant, receivedMs, fields }: PlatformDocument): Changing {
    const known = this.#states.get(agentId);
    const isKnown = known?.siteId === siteId;
    // What came in one batch says the same of who told it.
    if (isKnown && known.heardMs === receivedMs) return known;
    const agent = asFields(fields['agent']);
    const host = text(asFields(fields['host'])['name']);
    const about = { tenant, host, version: text(agent['version']), labels: kept(known?.labels, labelsOf(fields['labels'])) };
    if (isKnown) {
      if (receivedMs - known.placedMs >= placedAgainMs) this.#place(Object.assign(known, { placedMs: receivedMs }));
      return Object.assign(known, about);
    }
    if (this.#states.size >= agentsMax) this.#forgetOldest();
    const nothing = { heardMs: 0, measuredMs: undefined, measured: undefined, files: [], sample: {}, sampledMs: {} };
    return this.#place({ siteId, agentId, ...about, ...nothing, placedMs: receivedMs });
  }

  /** Last in the order. */
  #place(state: Changing): Changing {
    this.#states.delete(state.agentId);
    this.#states.set(state.agentId, state);
    return state;
  }

  /** The map is in the order in which they were heard of, nearly. */
  #forgetOldest(): void {
    for (const agentId of this.#states.keys()) {
      this.#states.delete(agentId);
      return;
    }
  }
}

/** What is old is of no interest any more. */
function addSample({ sample, sampledMs }: Changing, told: Sample, atMs: number): void {
  for (const name of seriesNames) {
    const value = told[name];
    if (value !== undefined) {
      sample[name] = value;
      sampledMs[name] = atMs;
    } else if (atMs - (sampledMs[name] ?? atMs) > sampleAgeMsMax) {
      delete sample[name];
      delete sampledMs[name];
    }
  }
}

/** What waited for long on its way says nothing of now. */
function machineOf(
  { fields, atMs, receivedMs }: PlatformDocument,
  { memory, disk }: Sample,
  before: ToldMachine | undefined,
): ToldMachine | undefined {
  const waitedMs = receivedMs - atMs;
  const isMemory = memory !== undefined && waitedMs < sampleAgeMsMax;
  const isDisk = disk !== undefined && waitedMs < diskAgeMsMax;
  if (!isMemory && !isDisk) return before;
  const mount = isDisk ? text(asFields(asFields(fields['tributary'])['machine'])['disk_mount']) : '';
  return {
    ...before,
    ...(isMemory && { memory: { percent: memory, receivedMs } }),
    ...(isDisk && { disk: { percent: disk, mount, receivedMs } }),
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, textKeptMax) : '';
}

function labelsOf(value: unknown): Readonly<Record<string, string>> {
  const labels = Object.entries(asFields(value)).slice(0, labelsKeptMax);
  return Object.fromEntries(labels.map(([name, label]) => [name.slice(0, textKeptMax), text(label)]));
}
