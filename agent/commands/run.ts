/** `run`: the agent as a service. Opens everything anew when the buffer broke; ends with the stop signal. */
import { join } from 'node:path';
import { productVersion } from '@tributary/shared/build-info.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import { type Logger, processLogger } from '@tributary/shared/log.ts';
import { isDamaged } from '@tributary/shared/sqlite/open-database.ts';
import { agentOptionsOf, inputDefaultsOf } from '../agent-options.ts';
import { Agent } from '../agent.ts';
import { BufferDamagedError } from '../buffer/damage.ts';
import { loadConfig } from '../config/load-config.ts';
import { Reloader } from '../config/reloader.ts';
import { newCounters } from '../counters.ts';
import { AgentEvents } from '../events.ts';
import type { AgentConfig } from '../options.ts';
import { ClockWatch, isUnknownTimeZone } from '../platform/clock-watch.ts';
import { rotateRoute } from '../rotation/rotate-route.ts';
import { withoutCopies } from '../rotation/without-copies.ts';
import type { AgentStatus } from '../status/agent-status.ts';
import { RateWindow } from '../status/rate-window.ts';
import { serveLocal } from '../status/status-server.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';

export interface RunOptions {
  readonly configFile: string;
  readonly crashPoint?: string | undefined;
  /** Calls back when the configuration is to be read again (SIGHUP). */
  readonly onReload: (reload: () => void) => void;
}

const sampleIntervalMs = 2000;

export async function runCommand(options: RunOptions, host: CommandHost): Promise<ExitCode> {
  const config = await loadConfig({ file: options.configFile, env: host.env });
  const logger = processLogger(config.log.level);
  const early = new AgentEvents({ logger, counters: newCounters() });
  let running: Agent | undefined;
  const reloader = new Reloader({
    file: options.configFile,
    config,
    logger,
    load: () => loadConfig({ file: options.configFile, env: host.env }),
    events: () => running?.events ?? early,
  });
  options.onReload(() => reloader.request('signal'));
  await using owned = new AsyncDisposableStack();
  owned.use(reloader.watch());
  while (!host.stop.aborted) {
    const error = await runOnce({
      config,
      reloader,
      logger,
      options,
      stop: host.stop,
      timeZone: host.env['TZ'],
      onStarted: (agent) => (running = agent),
    });
    if (error === undefined) break;
    if (!(error instanceof BufferDamagedError) && !isDamaged(error)) throw error;
    logger.error('the buffer is damaged: it is set aside and opened anew', { error });
  }
  return exitCode.done;
}

interface Once {
  readonly config: AgentConfig;
  readonly reloader: Reloader;
  readonly logger: Logger;
  readonly options: RunOptions;
  readonly stop: AbortSignal;
  readonly timeZone: string | undefined;
  readonly onStarted: (agent: Agent) => void;
}

/** Returns what broke; undefined when it was stopped. */
async function runOnce(once: Once): Promise<Error | undefined> {
  const { config, logger, options, stop, timeZone } = once;
  await using agent = await Agent.start({
    ...agentOptionsOf(config),
    folder: config.data_dir,
    clock: systemClock,
    logger,
    crashPoint: options.crashPoint,
    platform: config.events.enabled ? { tenant: config.tenant, labels: config.labels } : undefined,
  });
  once.onStarted(agent);
  const rates = new RateWindow();
  const sample = (): void => {
    rates.sample(performance.now(), agent.counters);
    const { state, unackedBytes, maxBytes } = agent.buffer.status();
    agent.events.bufferIs(state, { unackedBytes, maxBytes });
  };
  const timer = setInterval(sample, sampleIntervalMs).unref();
  const over = new AbortController();
  try {
    const startedMs = Date.now();
    const status = (): AgentStatus => {
      sample();
      return statusOf(agent, { startedMs, stopping: stop.aborted, rates });
    };
    await using owned = new AsyncDisposableStack();
    owned.use(
      await serveLocal(join(config.run_dir, 'agent.sock'), { 'GET /status': status, 'POST /rotate': rotateRoute(agent.rotator) }),
    );
    logger.info('ready', {
      version: productVersion(),
      pid: process.pid,
      agentId: agent.identity.agentId,
      hubs: config.hubs,
      waitsForSite: agent.waitsForSite,
    });
    agent.events.started({ version: productVersion(), pid: process.pid, startCounter: agent.identity.startCounter });
    if (timeZone !== undefined && isUnknownTimeZone(timeZone)) agent.events.timeZoneUnknown(timeZone);
    const clockWatch = new ClockWatch(systemClock).run((jumpedMs) => agent.events.clockChanged(jumpedMs), over.signal);
    owned.defer(async () => {
      over.abort();
      await clockWatch;
    });
    const failure = await Promise.race([agent.failed, work(agent, once, AbortSignal.any([stop, over.signal]))]);
    if (failure === undefined) await agent.stop(stop.reason instanceof Error ? stop.reason.message : 'stopped');
    return failure;
  } finally {
    over.abort();
    clearInterval(timer);
  }
}

/** Reads until it is told to stop, with the inputs of the newest good configuration. */
async function work(agent: Agent, { reloader, logger }: Once, signal: AbortSignal): Promise<undefined> {
  try {
    if (agent.waitsForSite) {
      logger.info('the buffer is new: no file is read before a hub tells which streams it knows');
      await agent.readable(signal);
    }
    while (!signal.aborted) {
      const wanted = reloader.current;
      await agent.inputs.change({ inputs: withoutCopies(wanted.inputs, wanted.rotation), defaults: inputDefaultsOf(wanted) });
      await agent.rotator.change(wanted.rotation);
      await reloader.changed(wanted, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return undefined;
}

function statusOf(
  agent: Agent,
  more: { readonly startedMs: number; readonly stopping: boolean; readonly rates: RateWindow },
): AgentStatus {
  const lostByCause = agent.buffer.losses();
  const sums = Object.values(lostByCause);
  const losses = sums.reduce((sum, lost) => sum + lost.losses, 0);
  const positionsLost = sums.reduce((sum, lost) => sum + lost.positions, 0);
  return {
    program: 'tributary-agent',
    version: productVersion(),
    pid: process.pid,
    startedMs: more.startedMs,
    agentId: agent.identity.agentId,
    state: more.stopping ? 'stopping' : agent.waitsForSite ? 'waiting-for-site' : 'running',
    uplink: agent.uplink.status(),
    buffer: { ...agent.buffer.status(), inFlightBytes: agent.uplink.inFlightBytes, losses, positionsLost, lostByCause },
    sources: agent.inputs.sources().map((source) => ({ ...source, lag: Math.max(0, source.size - source.position) })),
    counters: agent.counters,
    rates: more.rates.rates(),
    memory: { rssBytes: process.memoryUsage.rss() },
  };
}
