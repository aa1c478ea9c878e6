/** What agents tell of themselves, at their own node or at that of the input it is about: by their events, and by what they measure now and then. */
import type { Id } from '@tributary/protocol/messages.ts';
import type { AgentMeasured } from '@tributary/protocol/platform/agent-measured.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { HealthRules } from '../../config/health-options.ts';
import type { AgentState } from '../../measurements/agents/agent-states.ts';
import type { Finding } from '../findings.ts';
import type { AgentReports, AgentTrouble, TroubleGroup } from './agent-reports.ts';
import { measuredTroubles } from './measured-troubles.ts';
import { levelOf, type Rule, type RuleFacts } from './rule.ts';

export interface AgentTroublesParts {
  readonly reports: Pick<AgentReports, 'troublesOf' | 'isMeasuredSince'>;
  /** Whether what it tells is read here. */
  readonly isOurs: (agentId: Id) => boolean;
  /** How it was when it told last. */
  readonly told: (agentId: Id) => AgentState | undefined;
}

interface Looked {
  readonly nowMs: number;
  readonly lostMs: number;
  readonly state: AgentState | undefined;
  readonly name: () => string;
  readonly isToldHere: boolean;
}

/** Books that do not balance in so many measurements, one after the other, do not because of a moment between two sums. */
const unbalancedLooks = 3;

export class AgentTroubles implements Rule {
  readonly kinds = [
    'agent-input',
    'agent-source',
    'agent-buffer',
    'agent-trouble',
    'agent-lost',
    'agent-unbalanced',
    'agent-backlog',
  ] as const;
  readonly #parts: AgentTroublesParts;
  /** Measurements of books that did not balance, in succession, and when the last one was made. */
  readonly #unbalanced = new Map<Id, { readonly measuredMs: number; readonly times: number }>();

  constructor(parts: AgentTroublesParts) {
    this.#parts = parts;
  }

  look({ agents, nowMs }: RuleFacts, rules: HealthRules): readonly Finding[] {
    const known = new Set(agents.map(({ agentId }) => agentId));
    for (const agentId of this.#unbalanced.keys()) if (!known.has(agentId)) this.#unbalanced.delete(agentId);
    // Of an agent that is away what it told says nothing of now: that it is away does.
    return agents
      .filter(({ connected }) => connected)
      .flatMap(({ agentId, host }) => {
        const name = (): string => `agent ${agentId} on ${printable(host)}`;
        const state = this.#parts.told(agentId);
        // Whoever reads its events knows what they told since: another hub would tell the same trouble again, by another name, and for longer.
        const isToldHere = this.#parts.isOurs(agentId);
        const told = rules.agent_troubles.enabled
          ? this.#told(agentId, { nowMs, lostMs: rules.agent_troubles.lost, state, name, isToldHere })
          : [];
        const { measured } = state ?? {};
        if (measured === undefined) return told;
        return [
          ...told,
          ...bufferFilling(agentId, measured, {
            name,
            steps: rules.agent_buffer,
            isToldOtherwise: !isToldHere || told.some(({ kind }) => kind === 'agent-buffer'),
          }),
          ...backlogs(agentId, state?.files ?? [], { name, steps: rules.agent_backlog }),
        ];
      });
  }

  #told(agentId: Id, { nowMs, lostMs, state, name, isToldHere }: Looked): Finding[] {
    const { reports } = this.#parts;
    const told = reports.troublesOf(agentId, { nowMs, lostMs }).filter((trouble) => !isOver(trouble, state, reports));
    const measured = isToldHere ? measuredTroubles(state, reports) : [];
    // An event names the source, and what is missing.
    const troubles = [...told, ...measured.filter(({ kind }) => !told.some((trouble) => trouble.kind === kind))];
    const inputs = state?.measured?.inputs ?? [];
    const found = troubles.map((trouble) => ({
      kind: trouble.kind,
      subject: `${agentId} ${inputOf(trouble, state)}${trouble.what}`,
      level: trouble.level,
      reason: `${name()}: ${trouble.reason}`,
    }));
    const failed = inputs.filter(
      (input) => input.state === 'failed' && !troubles.some(({ kind, what }) => kind === 'agent-input' && what === input.name),
    );
    return [
      ...found,
      ...failed.map(({ name: input, error = '' }) => {
        const reason = `${name()}: input ${printable(input)} does not run: ${printable(error)}; it starts again by itself`;
        return { kind: 'agent-input', subject: `${agentId} ${input}`, level: 'red', reason } as const;
      }),
      ...(state === undefined ? [] : this.#books(state, name)),
    ];
  }

  #books({ agentId, measured, measuredMs = 0 }: AgentState, name: () => string): Finding[] {
    const unaccounted = measured?.books.unaccounted ?? 0;
    if (unaccounted === 0) {
      this.#unbalanced.delete(agentId);
      return [];
    }
    const { times = 0, measuredMs: beforeMs = 0 } = this.#unbalanced.get(agentId) ?? {};
    // Not by which is later: its clock may have been set back.
    const now = measuredMs === beforeMs ? times : times + 1;
    this.#unbalanced.set(agentId, { measuredMs, times: now });
    if (now < unbalancedLooks) return [];
    const reason = `${name()}: of what it read ${unaccounted} records are neither sent, nor waiting, nor lost by a cause that it knows: this is a fault of ours, please report it`;
    return [{ kind: 'agent-unbalanced', subject: agentId, level: 'red', reason }];
  }
}

const groupsOf: Readonly<Partial<Record<AgentTrouble['kind'], readonly TroubleGroup[]>>> = {
  'agent-input': ['input'],
  'agent-source': ['source'],
  'agent-buffer': ['buffer', 'disk'],
};

/** What was measured since knows better: an event that ends a trouble may have been dropped. */
function isOver(
  { kind, what }: AgentTrouble,
  state: AgentState | undefined,
  reports: Pick<AgentReports, 'isMeasuredSince'>,
): boolean {
  if (state?.measured === undefined || !reports.isMeasuredSince(state.agentId, groupsOf[kind] ?? [])) return false;
  const { inputs, buffer } = state.measured;
  if (kind === 'agent-input') return inputs.some(({ name, state: now }) => name === what && now === 'running');
  if (kind === 'agent-source')
    return inputs.length > 0 && inputs.every(({ failed, state: now }) => failed === 0 && now === 'running');
  return kind === 'agent-buffer' && buffer.state === 'open';
}

/** The beginning of a subject that names the input, where the agent told which file is whose, and what it is about is not the input itself. */
function inputOf({ kind, what }: AgentTrouble, state: AgentState | undefined): string {
  if (kind === 'agent-input' || what === '' || state?.measured?.inputs.some(({ name }) => name === what) === true) return '';
  const input = state?.files.find(({ path }) => path === what)?.input ?? onlyFailing(kind, state);
  return input === undefined ? '' : `${input}: `;
}

function onlyFailing(kind: AgentTrouble['kind'], state: AgentState | undefined): string | undefined {
  if (kind !== 'agent-source') return undefined;
  const [failing, another] = (state?.measured?.inputs ?? []).filter(({ failed }) => failed > 0);
  return another === undefined ? failing?.name : undefined;
}

interface Filling {
  readonly name: () => string;
  readonly steps: HealthRules['agent_buffer'];
  readonly isToldOtherwise: boolean;
}

function bufferFilling(agentId: Id, { buffer }: AgentMeasured, { name, steps, isToldOtherwise }: Filling): Finding[] {
  const percent = buffer.max_bytes === 0 ? 0 : (buffer.unacked_bytes / buffer.max_bytes) * 100;
  const level = levelOf(percent, steps);
  if (level === undefined || isToldOtherwise || !steps.enabled) return [];
  const reason = `${name()}: its buffer is ${Math.floor(percent)} % full of what no hub has acknowledged: see why it cannot send, before files wait in place`;
  return [{ kind: 'agent-buffer', subject: agentId, level, reason }];
}

/** Each input by the file of it that is furthest behind. */
function backlogs(
  agentId: Id,
  files: AgentState['files'],
  { name, steps }: { readonly name: () => string; readonly steps: HealthRules['agent_backlog'] },
): Finding[] {
  if (!steps.enabled) return [];
  const behind = files.filter(({ lag_seconds: seconds = 0 }) => levelOf(seconds * 1000, steps) !== undefined);
  return [...Map.groupBy(behind, ({ input }) => input)].flatMap(([input, those]) => {
    const worst = those.reduce((most, file) => ((file.lag_seconds ?? 0) > (most.lag_seconds ?? 0) ? file : most));
    const level = levelOf((worst.lag_seconds ?? 0) * 1000, steps);
    if (level === undefined) return [];
    const reason = `${name()}: ${printable(worst.path)} is not read to its end: ${worst.lag} bytes wait in it, longer than ${steps.yellow / 1000} s; see whether the hub takes what it sends, or the file grows faster than it can be sent`;
    return [{ kind: 'agent-backlog', subject: `${agentId} ${input}`, level, reason } as const];
  });
}
