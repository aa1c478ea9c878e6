/** `check`: is the configuration good? Changes nothing. */
import { archiveFolder } from '../options.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';
import { type ConfigRequest, readHubConfig } from './load-config.ts';

export interface CheckOptions extends ConfigRequest {
  readonly json: boolean;
}

export async function checkCommand(request: CheckOptions, host: CommandHost): Promise<ExitCode> {
  const { options, notice } = readHubConfig(request, host);
  const findings = {
    file: notice === undefined ? request.configFile : null,
    ok: true,
    site: options.site,
    agents: options.listeners.agents.address,
    dataDir: options.data_dir,
    archive: archiveFolder(options),
  };
  if (request.json) await host.out(`${JSON.stringify(findings)}\n`);
  else {
    const { site, agents, dataDir, archive } = findings;
    await host.out(
      `${notice ?? `${request.configFile}: the configuration is good`}\nsite ${site}, agents at ${agents}\ndata ${dataDir}\narchive ${archive}\n`,
    );
  }
  return exitCode.done;
}
