/** `check`: is the configuration good? Changes nothing. */
import { archiveFolder } from '../options.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';
import { loadConfig } from './load-config.ts';

export interface CheckOptions {
  readonly configFile: string;
  readonly json: boolean;
}

export async function checkCommand(request: CheckOptions, host: CommandHost): Promise<ExitCode> {
  const options = loadConfig(request.configFile, host);
  const findings = {
    file: request.configFile,
    ok: true,
    site: options.site,
    agents: options.listeners.agents.address,
    dataDir: options.data_dir,
    archive: archiveFolder(options),
  };
  if (request.json) await host.out(`${JSON.stringify(findings)}\n`);
  else {
    const { file, site, agents, dataDir, archive } = findings;
    await host.out(
      `${file}: the configuration is good\nsite ${site}, agents at ${agents}\ndata ${dataDir}\narchive ${archive}\n`,
    );
  }
  return exitCode.done;
}
