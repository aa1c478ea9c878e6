/** `agent list`, `agent revoke` and `agent forget`. */
import { printable } from '@tributary/shared/printable.ts';
import { agentView } from '../registry/record-views.ts';
import { type Agent, RegistryError } from '../registry/registry.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';
import { cell, jsonLine, labelsText, minute, table, tenantsText } from './tables.ts';
import { type RegistryRequest, withRegistry } from './with-registry.ts';

export async function agentListCommand(request: RegistryRequest, host: CommandHost): Promise<ExitCode> {
  return withRegistry(request, host, async ({ registry, nowMs }) => {
    const agents = registry.agents();
    if (request.json) await host.out(jsonLine({ agents: agents.map(agentView) }));
    else if (agents.length === 0) {
      await host.out('no agents: tributary-hub token create --tenant TENANT makes a token to enrol one\n');
    } else {
      const header = ['HOST', 'ID', 'KIND', 'TENANT', 'STATE', 'LAST SEEN', 'CERTIFICATE UNTIL', 'LABELS'];
      await host.out(
        table(
          header,
          agents.map((agent) => agentRow(agent, nowMs)),
        ),
      );
      await host.out(agents.map(remark).join(''));
    }
    return exitCode.done;
  });
}

export interface AgentRevokeOptions extends RegistryRequest {
  /** Ids, beginnings of ids, or names of machines. */
  readonly names: readonly string[];
}

/** All of them, or none when one is not known. */
export async function agentRevokeCommand(request: AgentRevokeOptions, host: CommandHost): Promise<ExitCode> {
  return withRegistry(request, host, async ({ registry, by }) => {
    const agents = registry.agents();
    const found = request.names.flatMap((name) => findAll(name, agents));
    for (const { agentId } of found) await registry.revokeAgent(agentId, by);
    if (request.json) {
      await host.out(jsonLine({ revoked: found.map(({ agentId, host: machine }) => ({ id: agentId, host: machine })) }));
      return exitCode.done;
    }
    for (const agent of found) {
      const { agentId, host: machine, state } = agent;
      const who = `agent ${agentId} (${cell(machine)}, tenant ${tenantsText(agent.tenants)})`;
      await host.out(
        state === 'revoked'
          ? `${who} was revoked before\n`
          : `${who} is revoked: a running hub cuts it off within seconds, and its certificates are worth nothing\n`,
      );
    }
    if (found.some(({ kind }) => kind === 'agent')) {
      await host.out('Such a machine comes back only as a new agent: tributary-agent enroll --renew TOKEN\n');
    }
    return exitCode.done;
  });
}

/** All of them, or none when one is not known. */
export async function agentForgetCommand(request: AgentRevokeOptions, host: CommandHost): Promise<ExitCode> {
  return withRegistry(request, host, async ({ registry, by }) => {
    const agents = registry.agents();
    const found = request.names.flatMap((name) => findAll(name, agents));
    for (const { agentId } of found) await registry.forgetAgent(agentId, by);
    if (request.json) {
      await host.out(jsonLine({ forgotten: found.map(({ agentId, host: machine }) => ({ id: agentId, host: machine })) }));
      return exitCode.done;
    }
    for (const agent of found)
      await host.out(`agent ${agent.agentId} (${cell(agent.host)}) is forgotten: a running hub cuts it off within seconds\n`);
    return exitCode.done;
  });
}

const prefixLengthMin = 4;

/** By the id of a lower site all its hubs are meant. */
function findAll(name: string, agents: readonly Agent[]): readonly Agent[] {
  const hubs = agents.filter(({ siteId }) => siteId === name);
  return hubs.length > 0 ? hubs : [find(name, agents)];
}

function find(name: string, agents: readonly Agent[]): Agent {
  const exact = agents.find(({ agentId }) => agentId === name);
  if (exact !== undefined) return exact;
  const isPrefix = name.length >= prefixLengthMin && /^[0-9a-f]+$/.test(name);
  const found = agents.filter(({ agentId, host }) => host === name || (isPrefix && agentId.startsWith(name)));
  // Several enrolments of one machine: those that are revoked are not meant.
  const candidates = found.some(({ state }) => state !== 'revoked') ? found.filter(({ state }) => state !== 'revoked') : found;
  const [agent, ...others] = candidates;
  const typed = JSON.stringify(printable(name.slice(0, 80).toWellFormed()));
  if (agent === undefined) {
    throw new RegistryError(
      'REGISTRY_UNKNOWN',
      `no agent has the id or the machine's name ${typed}: tributary-hub agent list shows them`,
    );
  }
  if (others.length === 0) return agent;
  const listed = candidates.slice(0, 10).map(({ agentId, host }) => `${agentId} (${cell(host)})`);
  throw new RegistryError(
    'REGISTRY_CONFLICT',
    `${typed} is ${candidates.length} agents: ${listed.join(', ')}; give more of the id`,
  );
}

function agentRow(agent: Agent, nowMs: number): readonly string[] {
  const { host, agentId, kind, siteId, tenants, labels, state, lastSeenMs, notAfterMs } = agent;
  const isExpired = notAfterMs > 0 && notAfterMs <= nowMs;
  const until = notAfterMs === 0 ? 'none yet' : `${minute(notAfterMs)}${isExpired ? ' expired' : ''}`;
  const use = siteId === undefined ? kind : `hub of site ${siteId}`;
  return [cell(host), agentId, use, cell(tenantsText(tenants)), state, minute(lastSeenMs), until, cell(labelsText(labels), 60)];
}

function remark({ agentId, kind, host, state, refusedCopy }: Agent): string {
  const wayOut = kind === 'hub' ? 'Enrol that hub anew' : 'Run tributary-agent enroll --renew TOKEN';
  const who = `${cell(host)} (${agentId})`;
  if (state === 'cloned') {
    return `\n${who}: two machines use this identity, and both are refused. ${wayOut} on one of them.\n`;
  }
  if (refusedCopy === undefined || state === 'revoked') return '';
  const { seenMs, address } = refusedCopy;
  return `\n${who}: a copy of it came from ${cell(address)} at ${minute(seenMs)} and was refused. ${wayOut} there.\n`;
}
