/** The disks and the memory of the machines of agents, where those measure them. */
import type { Id } from '@tributary/protocol/messages.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { HealthRules } from '../../config/health-options.ts';
import type { AgentState } from '../../measurements/agents/agent-states.ts';
import { diskAgeMsMax, sampleAgeMsMax } from '../../measurements/limits.ts';
import type { Finding } from '../findings.ts';
import { levelOf, type Rule, type RuleFacts } from './rule.ts';

export interface AgentMachineParts {
  /** Whether what it tells is read here: one hub tells of it. */
  readonly isOurs: (agentId: Id) => boolean;
  /** How it was when it told last; undefined of an agent of another site. */
  readonly told: (agentId: Id) => AgentState | undefined;
}

export class AgentMachine implements Rule {
  readonly kinds = ['agent-disk', 'agent-memory'] as const;
  readonly #parts: AgentMachineParts;

  constructor(parts: AgentMachineParts) {
    this.#parts = parts;
  }

  look({ agents, nowMs }: RuleFacts, rules: HealthRules): readonly Finding[] {
    const { isOurs, told } = this.#parts;
    // What one that is away told says nothing of now.
    const here = agents.filter(({ agentId, connected }) => connected && isOurs(agentId));
    return here.flatMap(({ agentId, host }) => {
      const { memory, disk } = told(agentId)?.machine ?? {};
      const name = (): string => `agent ${agentId} on ${printable(host)}`;
      const full = disk !== undefined && nowMs - disk.receivedMs < diskAgeMsMax ? disk.percent : undefined;
      const used = memory !== undefined && nowMs - memory.receivedMs < sampleAgeMsMax ? memory.percent : undefined;
      const where = disk?.mount === undefined || disk.mount === '' ? 'its fullest file system' : printable(disk.mount);
      const diskReason = (share: string): string =>
        `${name()}: ${where} is ${share} full: make room there, before whatever writes to it fails`;
      const memoryReason = (share: string): string =>
        `${name()}: ${share} of the memory of its machine are in use: see on it what uses so much, before the system ends processes`;
      return [
        ...judged(full, rules.agent_disk, diskReason).map(
          (found) => ({ kind: 'agent-disk', subject: agentId, ...found }) as const,
        ),
        ...judged(used, rules.agent_memory, memoryReason).map(
          (found) => ({ kind: 'agent-memory', subject: agentId, ...found }) as const,
        ),
      ];
    });
  }
}

function judged(
  percent: number | undefined,
  steps: HealthRules['agent_disk'],
  reason: (share: string) => string,
): Pick<Finding, 'level' | 'reason'>[] {
  const level = percent === undefined || !steps.enabled ? undefined : levelOf(percent, steps);
  return percent === undefined || level === undefined ? [] : [{ level, reason: reason(`${Math.floor(percent)} %`) }];
}
