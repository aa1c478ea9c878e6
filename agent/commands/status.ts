import { join } from 'node:path';
import { printable } from '@tributary/shared/printable.ts';
import { loadConfig } from '../config/load-config.ts';
import type { AgentStatus, Readiness } from '../status/agent-status.ts';
import { askLocal } from '../status/ask-status.ts';
import { statusText } from '../status/status-text.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';

export interface StatusOptions {
  readonly configFile: string;
  readonly json: boolean;
  /** Only whether it is ready. */
  readonly ready: boolean;
  /** Every source, not only those that are furthest behind. */
  readonly all: boolean;
}

/** Sources that a person is shown unless they ask for more. */
const sourcesShown = 20;

/** `status`: asks the running agent over its socket. */
export async function statusCommand(options: StatusOptions, host: CommandHost): Promise<ExitCode> {
  const config = await loadConfig({ file: options.configFile, env: host.env });
  const socketPath = join(config.run_dir, 'agent.sock');
  if (options.ready) return await readyCommand(socketPath, options, host);
  const query = options.json || options.all ? '' : `?sources=${sourcesShown}`;
  const answer = await askLocal({ socketPath, method: 'GET', path: `/status${query}` });
  if (!isAgentStatus(answer?.value)) return absent(socketPath, options, host);
  const status = answer.value;
  host.out(options.json ? `${JSON.stringify(status)}\n` : statusText(status, Date.now()));
  return status.uplink.state === 'connected' ? exitCode.done : exitCode.notReady;
}

/** An agent that does not run is not ready either: whoever asks for a virtual IP wants to know nothing else. */
async function readyCommand(socketPath: string, options: StatusOptions, host: CommandHost): Promise<ExitCode> {
  const answer = await askLocal({ socketPath, method: 'GET', path: '/ready' });
  const readiness = isReadiness(answer?.value)
    ? answer.value
    : { ready: false, reasons: [`no tributary-agent answers at ${socketPath}`] };
  if (options.json) host.out(`${JSON.stringify(readiness)}\n`);
  else host.out(readiness.ready ? 'ready\n' : `not ready: ${printable(readiness.reasons.join('; '))}\n`);
  return readiness.ready ? exitCode.done : exitCode.notReady;
}

function absent(socketPath: string, { configFile }: StatusOptions, host: CommandHost): ExitCode {
  host.err(`no tributary-agent answers at ${socketPath}: start it with \`tributary-agent run --config ${configFile}\`\n`);
  return exitCode.failed;
}

/** The other end is this very program: that it is one is all there is to check. */
function isAgentStatus(answer: unknown): answer is AgentStatus {
  return typeof answer === 'object' && answer !== null && 'program' in answer && answer.program === 'tributary-agent';
}

function isReadiness(answer: unknown): answer is Readiness {
  return typeof answer === 'object' && answer !== null && 'ready' in answer && 'reasons' in answer;
}
