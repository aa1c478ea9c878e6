/** What of the hub changes with its configuration while it runs, option by option. Everything else needs a restart. */
import type { LogLevel } from '@tributary/shared/log.ts';
import { plaintextListeners } from '../health/plaintext-listeners.ts';
import type { Findings } from '../health/findings.ts';
import type { AgentListener } from '../listeners/agents/agent-listener.ts';
import type { BeatsRedisListeners } from '../listeners/beats-redis/beats-redis-listener.ts';
import type { HttpListeners } from '../listeners/http-listeners.ts';
import type { ListenerSet } from '../listeners/listener-set.ts';
import type { HubOptions } from '../options.ts';
import type { Processing } from '../processing/processing.ts';
import type { Outputs } from '../outputs/outputs.ts';
import type { Queue } from '../queue/queue.ts';
import type { Quotas } from '../quotas/quotas.ts';
import { queueLimitsOf } from '../store/queue-limits-of.ts';
import type { ReloadPart } from './reload.ts';

export interface ReloadableParts {
  readonly queue: Pick<Queue, 'changeLimits'>;
  readonly outputs: Pick<Outputs, 'change'>;
  readonly quotas: Pick<Quotas, 'change'>;
  readonly processing: Pick<Processing, 'change'>;
  /** Empty where the hub only works. */
  readonly agents: ListenerSet<HubOptions['listeners']['agents'], AgentListener>;
  readonly http: Pick<HttpListeners, 'changeHttp' | 'changePush'>;
  readonly beats: Pick<BeatsRedisListeners, 'change'>;
  readonly findings: Pick<Findings, 'set'>;
  readonly setLogLevel: (level: LogLevel) => void;
  /** What is found about channels may be another now. */
  readonly lookAtChannels: () => void;
  /** What may go is another now. */
  readonly houseChanged: (options: HubOptions) => void;
}

export function reloadParts(parts: ReloadableParts): ReloadPart[] {
  const { queue, outputs, quotas, processing, agents, http, beats, findings, setLogLevel, lookAtChannels, houseChanged } = parts;
  const listening = async (options: HubOptions, change: Promise<void>): Promise<void> => {
    await change;
    findings.set('plaintext-listener', plaintextListeners(options));
  };
  return [
    { paths: ['log.level'], change: (options) => setLogLevel(options.log.level) },
    {
      paths: ['queue.max_bytes', 'queue.topic_max_bytes', 'queue.types_per_tenant', 'queue.replay_window', 'queue.topics'],
      change: async (options) => {
        await queue.changeLimits(queueLimitsOf(options));
        lookAtChannels();
      },
    },
    { paths: ['queue.front_retention', 'queue.back_retention'], change: lookAtChannels },
    { paths: ['housekeeping'], change: houseChanged },
    // It is looked every few seconds, each time by the rules as they are then.
    { paths: ['health', 'alerts', 'canaries', 'measurements'], change: () => undefined },
    { paths: ['quotas'], change: (options) => quotas.change(options.quotas) },
    { paths: ['pipelines', 'pipelines_dir', 'scripts'], change: (options) => processing.change(options) },
    {
      paths: ['outputs'],
      change: async (options) => {
        await outputs.change(options.outputs);
        lookAtChannels();
        // What pipelines may name is another.
        await processing.change(options);
      },
    },
    {
      paths: ['listeners.agents'],
      change: async (options) => {
        if (agents.all.length === 0) return;
        await listening(options, agents.change(new Map([['agents', options.listeners.agents]])));
      },
    },
    { paths: ['listeners.http'], change: (options) => listening(options, http.changeHttp(options.listeners.http)) },
    { paths: ['listeners.push'], change: (options) => listening(options, http.changePush(options.listeners.push)) },
    { paths: ['listeners.beats_redis'], change: (options) => beats.change(options.listeners.beats_redis) },
  ];
}
