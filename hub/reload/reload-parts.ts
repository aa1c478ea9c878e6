/** What of the hub changes with its configuration while it runs, option by option. Everything else needs a restart. */
import type { LogLevel } from '@tributary/shared/log.ts';
import { plaintextListeners } from '../health/plaintext-listeners.ts';
import type { Findings } from '../health/findings.ts';
import type { AgentListener } from '../listeners/agents/agent-listener.ts';
import type { HttpListeners } from '../listeners/http-listeners.ts';
import type { ListenerSet } from '../listeners/listener-set.ts';
import type { HubOptions } from '../options.ts';
import type { Outputs } from '../outputs/outputs.ts';
import type { Queue } from '../queue/queue.ts';
import type { Quotas } from '../quotas/quotas.ts';
import { queueLimitsOf } from '../store/queue-limits-of.ts';
import type { ReloadPart } from './reload.ts';

export interface ReloadableParts {
  readonly queue: Pick<Queue, 'changeLimits'>;
  readonly outputs: Pick<Outputs, 'change'>;
  readonly quotas: Pick<Quotas, 'change'>;
  /** Empty where the hub only works. */
  readonly agents: ListenerSet<HubOptions['listeners']['agents'], AgentListener>;
  readonly http: Pick<HttpListeners, 'changeHttp' | 'changePush'>;
  readonly findings: Pick<Findings, 'set'>;
  readonly setLogLevel: (level: LogLevel) => void;
  /** What is found about channels may be another now. */
  readonly lookAtChannels: () => void;
}

export function reloadParts(parts: ReloadableParts): ReloadPart[] {
  const { queue, outputs, quotas, agents, http, findings, setLogLevel, lookAtChannels } = parts;
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
    { paths: ['quotas'], change: (options) => quotas.change(options.quotas) },
    {
      paths: ['outputs'],
      change: async (options) => {
        await outputs.change(options.outputs);
        lookAtChannels();
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
  ];
}
