import { join } from 'node:path';
import { loadConfig } from '../config/load-config.ts';
import type { AgentStatus } from '../status/agent-status.ts';
import { askStatus } from '../status/ask-status.ts';
import { statusText } from '../status/status-text.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';

export interface StatusOptions {
  readonly configFile: string;
  readonly json: boolean;
}

/** `status`: asks the running agent over its socket. */
export async function statusCommand(options: StatusOptions, host: CommandHost): Promise<ExitCode> {
  const config = await loadConfig({ file: options.configFile, env: host.env });
  const socketPath = join(config.run_dir, 'agent.sock');
  const answer = await askStatus(socketPath);
  if (!isAgentStatus(answer)) {
    host.err(
      `no tributary-agent answers at ${socketPath}: start it with \`tributary-agent run --config ${options.configFile}\`\n`,
    );
    return exitCode.failed;
  }
  host.out(options.json ? `${JSON.stringify(answer)}\n` : statusText(answer, Date.now()));
  return answer.uplink.state === 'connected' ? exitCode.done : exitCode.notReady;
}

/** The other end is this very program: that it is one is all there is to check. */
function isAgentStatus(answer: unknown): answer is AgentStatus {
  return typeof answer === 'object' && answer !== null && 'program' in answer && answer.program === 'tributary-agent';
}
