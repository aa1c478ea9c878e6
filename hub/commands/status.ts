/** `status`: asks the running hub over its socket. */
import { statusSocket } from '../hub-paths.ts';
import { askStatus } from '../status/ask-status.ts';
import { isHubStatus, isServing, isStarting } from '../status/hub-status.ts';
import { startingText } from '../status/starting-status.ts';
import { statusText } from '../status/status-text.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';
import { type ConfigRequest, loadConfig } from './load-config.ts';

export interface StatusOptions extends ConfigRequest {
  readonly json: boolean;
}

export async function statusCommand(request: StatusOptions, host: CommandHost): Promise<ExitCode> {
  const socketPath = statusSocket(loadConfig(request, host));
  const answer = await askStatus(socketPath);
  if (!isHubStatus(answer)) {
    const run = request.configGiven ? `tributary-hub run --config ${request.configFile}` : 'tributary-hub run';
    host.err(`no tributary-hub answers at ${socketPath}: start it with \`${run}\`\n`);
    return exitCode.failed;
  }
  if (request.json) await host.out(`${JSON.stringify(answer)}\n`);
  if (isStarting(answer)) {
    if (!request.json) await host.out(startingText(answer, Date.now()));
    return exitCode.notReady;
  }
  if (!request.json) await host.out(statusText(answer, Date.now()));
  return isServing(answer) ? exitCode.done : exitCode.notReady;
}
