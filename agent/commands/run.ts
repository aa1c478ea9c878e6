/** `run`: the agent as a service. Opens everything anew when the buffer broke; ends with the stop signal. */
import { join } from 'node:path';
import { productVersion } from '@tributary/shared/build-info.ts';
import { supervise } from '@tributary/shared/async/supervise.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import { type Logger, processLogger } from '@tributary/shared/log.ts';
import { isDamaged } from '@tributary/shared/sqlite/open-database.ts';
import { SpareMemory } from '@tributary/shared/spare-memory.ts';
import { agentOptionsOf, inputDefaultsOf } from '../agent-options.ts';
import { Agent } from '../agent.ts';
import { BufferDamagedError } from '../buffer/damage.ts';
import { loadConfig } from '../config/load-config.ts';
import { overruledRule, ownedBy } from '../enrolment/ownership.ts';
import { Reloader } from '../config/reloader.ts';
import { newCounters } from '../counters.ts';
import { AgentEvents } from '../events.ts';
import type { AgentConfig } from '../options.ts';
import { ClockWatch, isUnknownTimeZone } from '../platform/clock-watch.ts';
import { MeasuredWatch } from '../platform/measured-watch.ts';
import { rotateRoute } from '../rotation/rotate-route.ts';
import { withoutCopies } from '../rotation/without-copies.ts';
import { memoryWork } from '../memory-work.ts';
import { describeAgent, type ObservedAgent } from '../status/describe-agent.ts';
import { RateWindow } from '../status/rate-window.ts';
import { statusRoutes } from '../status/status-routes.ts';
import { serveLocal } from '../status/status-server.ts';
import { Taps } from '../status/tap/taps.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';

export interface RunOptions {
  readonly configFile: string;
  readonly crashPoint?: string | undefined;
  /** Calls back when the configuration is to be read again (SIGHUP). */
  readonly onReload: (reload: () => void) => void;
}

const sampleIntervalMs = 2000;
const metricsBackoff = { msMin: 1000, msMax: 60_000 };
const metricsHealthyAfterMs = 60_000;

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
  const taps = new Taps();
  await using agent = await Agent.start({
    ...agentOptionsOf(config),
    folder: config.data_dir,
    clock: systemClock,
    logger,
    crashPoint: options.crashPoint,
    onPushed: (run) => taps.offer(run),
    platform: config.events.enabled ? { tenant: config.tenant, labels: config.labels } : undefined,
  });
  once.onStarted(agent);
  const rates = new RateWindow();
  const sample = (): void => {
    rates.sample(performance.now(), agent.counters);
    agent.observeBuffer();
  };
  const spareMemory = new SpareMemory({ workBytes: () => memoryWork(agent.counters), tidyOthers: () => agent.buffer.tidy() });
  const clockWatch = new ClockWatch(systemClock);
  const look = (): void => {
    sample();
    spareMemory.look();
    const jumpedMs = clockWatch.look();
    if (jumpedMs !== 0) agent.events.clockChanged(jumpedMs);
  };
  const timer = setInterval(look, sampleIntervalMs).unref();
  const over = new AbortController();
  try {
    const observed: ObservedAgent = {
      agent,
      startedMs: Date.now(),
      isStopping: () => stop.aborted,
      rates: () => {
        sample();
        return rates.rates();
      },
    };
    await using owned = new AsyncDisposableStack();
    owned.use(
      await serveLocal(join(config.run_dir, 'agent.sock'), {
        ...statusRoutes(observed, taps),
        'POST /rotate': rotateRoute(agent.rotator),
      }),
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
    const metrics = serveMetrics(observed, once, over.signal);
    const measured = tellMeasured(observed, config, over.signal);
    owned.defer(async () => {
      over.abort();
      await Promise.all([metrics, measured]);
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
    if (agent.waitsForSite) logger.info('the buffer is new: no file is read before a hub tells which streams it knows');
    while (!signal.aborted) {
      const wanted = reloader.current;
      const { waitsForSite } = agent;
      const { config: owned, overruled } = ownedBy(agent.owner, wanted);
      if (overruled.length > 0) logger.warn(overruledRule, { options: overruled, tenant: owned.tenant });
      const inputs = withoutCopies(owned.inputs, owned.rotation);
      await agent.inputs.change({ inputs, defaults: inputDefaultsOf(owned), waitsForSite });
      if (!waitsForSite) await agent.rotator.change(owned.rotation);
      await changedOrReadable(agent, waitsForSite, (stop) => reloader.changed(wanted, stop), signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return undefined;
}

/** Resolves when the configuration changed, or when the site told what was waited for. */
async function changedOrReadable(
  agent: Agent,
  waitsForSite: boolean,
  changed: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const waits = [changed(either), ...(waitsForSite ? [agent.readable(either)] : [])];
  try {
    await Promise.race(waits);
  } finally {
    over.abort();
    await Promise.allSettled(waits);
  }
}

/** Without platform events nobody would hear it. */
async function tellMeasured(observed: ObservedAgent, { events }: AgentConfig, signal: AbortSignal): Promise<void> {
  if (!events.enabled) return;
  const { agent } = observed;
  await new MeasuredWatch({
    status: () => describeAgent(observed),
    booked: agent,
    tell: (measured) => agent.events.measured(measured),
    clock: systemClock,
    periodMs: events.measured,
  }).run(signal);
}

/** The port may be taken for a while: nothing else waits for it. */
async function serveMetrics(observed: ObservedAgent, { config, logger }: Once, signal: AbortSignal): Promise<void> {
  const listen = config.prometheus?.listen;
  if (listen === undefined) return;
  // Loaded only when it is wanted.
  const server = await import('../status/prometheus/serve-metrics.ts');
  const onListening = (address: string): void => logger.info('metrics are served', { address });
  await supervise(async (stop) => await server.serveMetrics({ listen, observed, onListening }, stop), signal, {
    clock: systemClock,
    backoff: metricsBackoff,
    healthyAfterMs: metricsHealthyAfterMs,
    onFailed: (error, retryInMs) => logger.error('metrics cannot be served; it is tried again', { listen, error, retryInMs }),
  });
}
