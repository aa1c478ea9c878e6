/** `run`: the hub as a service, until the stop signal. */
import { systemClock } from '@tributary/shared/clock.ts';
import { processLogger } from '@tributary/shared/log.ts';
import { Hub } from '../hub.ts';
import { running } from '../groups/running.ts';
import { statusSocket } from '../hub-paths.ts';
import { archivePlaceOf } from '../options.ts';
import { FileWatch } from '../reload/file-watch.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';
import { type ConfigRequest, readHubConfig } from './load-config.ts';
import { startPatiently } from './start-patiently.ts';

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
  const parts = { options, logger, crashPoint: request.crashPoint, setLogLevel };
  const starting = startPatiently({ start: () => Hub.start(parts), stop: host.stop, logger });
  // A start that waits for its store may last as long as that is away.
  const started = await Promise.race([starting, stopped(host.stop)]);
  if (started === undefined) {
    logger.info('stopping before it was ready');
    void starting.then(
      (late) => late[Symbol.asyncDispose](),
      () => undefined,
    );
    return exitCode.done;
  }
  await using owned = new AsyncDisposableStack();
  const hub = owned.use(started);
  const reload = (): Promise<void> => hub.reload(() => readHubConfig(request, host).options);
  const watch = new FileWatch({ paths: () => [request.configFile], changed: reload, clock: systemClock });
  request.onHangup(() => {
    watch.look();
    void reload();
  });
  owned.use(
    running(
      (signal) => watch.run(signal),
      (error) => logger.error('the configuration is not looked at any more', { error }),
    ),
  );
  const { data_dir: dataDir, site } = options;
  const places = { dataDir, archive: archivePlaceOf(options), status: statusSocket(options) };
  logger.info('ready', { agents: hub.url, ...hub.httpUrls, site, ...places });
  await Promise.race([stopped(host.stop), hub.failed]);
  logger.info('stopping');
  return exitCode.done;
}

function stopped(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
