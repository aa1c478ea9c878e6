import { arch, hostname, release } from 'node:os';
import { productVersion } from '@tributary/shared/build-info.ts';
import type { AgentOptions } from './agent.ts';
import type { InputDefaults } from './inputs/registry.ts';
import type { AgentConfig } from './options.ts';
import type { TlsSettings } from '@tributary/protocol/enrolment/enrolled-tls.ts';

/** What the configuration file means to the wiring. */
export function agentOptionsOf(
  config: Pick<
    AgentConfig,
    'hubs' | 'hub_policy' | 'connection_max_age' | 'rate_limit' | 'proxy' | 'plaintext' | 'tls' | 'batch' | 'buffer'
  >,
): Pick<AgentOptions, 'tls' | 'uplink' | 'batch' | 'buffer' | 'facts'> {
  const { hubs, proxy, plaintext, batch, buffer } = config;
  return {
    tls: tlsSettingsOf(config),
    uplink: {
      hubs,
      proxy,
      plaintext,
      hubPolicy: config.hub_policy,
      connectionMaxAgeMs: config.connection_max_age,
      rateLimit: config.rate_limit,
    },
    batch: { maxBytes: batch.max_bytes, maxRecords: batch.max_records, flushIntervalMs: batch.flush_interval },
    buffer: {
      maxBytes: buffer.max_bytes,
      replayWindowMs: buffer.replay_window,
      replayMaxBytes: buffer.replay_max_bytes,
      reserveBytes: buffer.reserve_bytes,
    },
    facts: { host: hostname(), os: `${process.platform} ${release()}`, arch: arch(), version: productVersion() },
  };
}

export function tlsSettingsOf({ tls }: Pick<AgentConfig, 'tls'>): TlsSettings {
  const { min_version: leastVersion, ...files } = tls;
  return { files, leastVersion };
}

export function inputDefaultsOf(config: Pick<AgentConfig, 'tenant' | 'labels'>): InputDefaults {
  return { tenant: config.tenant, labels: config.labels, host: hostname() };
}
