/** `run`: the hub as a service, until the stop signal. */
import { processLogger } from '@tributary/shared/log.ts';
import { Hub } from '../hub.ts';
import { statusSocket } from '../hub-paths.ts';
import { archiveFolder } from '../options.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';
import { type ConfigRequest, readHubConfig } from './load-config.ts';

export interface RunOptions extends ConfigRequest {
  readonly crashPoint: string | undefined;
  /** Calls back when the terminal hangs up, or somebody hopes that the configuration is read again (SIGHUP). */
  readonly onHangup: (hungUp: () => void) => void;
}

export async function runCommand(request: RunOptions, host: CommandHost): Promise<ExitCode> {
  const { options, notice } = readHubConfig(request, host);
  let { level } = options.log;
  const logger = processLogger(() => level);
  if (notice !== undefined) logger.info(notice);
  const setLogLevel = (changed: typeof level): void => void (level = changed);
  await using hub = await Hub.start({ options, logger, crashPoint: request.crashPoint, setLogLevel });
  request.onHangup(() => void hub.reload(() => readHubConfig(request, host).options));
  const { data_dir: dataDir, site } = options;
  const places = { dataDir, archive: archiveFolder(options), status: statusSocket(options) };
  logger.info('ready', { agents: hub.url, ...hub.httpUrls, site, ...places });
  await Promise.race([stopped(host.stop), hub.failed]);
  logger.info('stopping');
  return exitCode.done;
}

function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
