/**
 * Documents of every kind that the dashboards are about: what presets make of their samples, what the agent measures of this machine, and events as
 * agents and hubs write them. Those of the platform go through the dispatcher, as those of a site do.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { eventDocument, type Metric, metricDocument } from '../../../agent/platform/document.ts';
import type { eventActions } from '../../../agent/platform/event-actions.ts';
import { linuxSets } from '../../../agent/inputs/metrics/linux/linux-sets.ts';
import { testMetricsOptions } from '../../../agent/inputs/metrics/testing/metric-fields.ts';
import { logsName } from '../../../hub/outputs/elasticsearch/index-names.ts';
import { auditEvent } from '../../../hub/platform/audit-event.ts';
import { dispatch } from '../../../hub/platform/dispatch/dispatch.ts';
import { hubDocument } from '../../../hub/platform/hub-document.ts';
import type { HubEvent } from '../../../hub/platform/hub-events.ts';
import { apacheSamples } from '../../../hub/processing/presets/samples/apache.ts';
import { auditdSamples } from '../../../hub/processing/presets/samples/auditd.ts';
import { authSamples } from '../../../hub/processing/presets/samples/auth.ts';
import { dockerSamples } from '../../../hub/processing/presets/samples/docker.ts';
import { haproxySamples } from '../../../hub/processing/presets/samples/haproxy.ts';
import { javaSamples } from '../../../hub/processing/presets/samples/java.ts';
import { kubernetesSamples } from '../../../hub/processing/presets/samples/kubernetes.ts';
import { mysqlSamples } from '../../../hub/processing/presets/samples/mysql.ts';
import { nginxSamples } from '../../../hub/processing/presets/samples/nginx.ts';
import { postgresqlSamples } from '../../../hub/processing/presets/samples/postgresql.ts';
import type { PresetSample } from '../../../hub/processing/presets/samples/preset-sample.ts';
import { redisSamples } from '../../../hub/processing/presets/samples/redis.ts';
import { syslogSamples } from '../../../hub/processing/presets/samples/syslog.ts';
import { windowsEventSamples } from '../../../hub/processing/presets/samples/windows-event.ts';
import { systemClock } from '../../../shared/clock.ts';

/** None of HAProxy's manual is an error of a server. */
const failedRequest = haproxySamples.slice(0, 1).map((sample): PresetSample => ({
  ...sample,
  document: { ...sample.document, http: { response: { status_code: 503, bytes: 107 } } },
}));

const byPreset = {
  apache: apacheSamples,
  auditd: auditdSamples,
  auth: authSamples,
  docker: dockerSamples,
  haproxy: [...haproxySamples, ...failedRequest],
  java: javaSamples,
  kubernetes: kubernetesSamples,
  mysql: mysqlSamples,
  nginx: nginxSamples,
  postgresql: postgresqlSamples,
  redis: redisSamples,
  syslog: syslogSamples,
  windows_event: windowsEventSamples,
} as const;

export const sampledPresets: readonly string[] = Object.keys(byPreset);

export interface SampleDocument {
  readonly index: string;
  readonly document: object;
}

const startMs = Date.UTC(2026, 10, 22, 4);

export async function dashboardSamples(tenant: string): Promise<SampleDocument[]> {
  const told = [...(await metricTexts()), ...dockerTexts(), ...agentTexts(), ...hubTexts()];
  return [...logDocuments(tenant), ...told.map((text) => platformDocument(tenant, text))];
}

/** A log type that has lines of all of them: each index costs the server more than its documents. */
export const mixedType = 'mixed';
/** Those that have one of their own. */
const ownTypes: ReadonlySet<string> = new Set(['haproxy', 'errors']);

/** As the output writes them, but for what dashboards do not ask for. */
function logDocuments(tenant: string): SampleDocument[] {
  return Object.entries(byPreset).flatMap(([preset, samples]) =>
    samples.map(({ document, type: told = preset, line }, index) => {
      const type = ownTypes.has(told) ? told : mixedType;
      return {
        index: logsName(tenant, type),
        document: {
          '@timestamp': new Date(startMs + index * 60_000).toISOString(),
          data_stream: { type: 'logs', dataset: type, namespace: tenant },
          message: line,
          ...document,
          host: { name: `web-${index % 3}`, ...objectOf(document['host']) },
          log: { file: { path: `/var/log/${preset}.log` }, ...objectOf(document['log']) },
        },
      };
    }),
  );
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function platformDocument(tenant: string, text: string): SampleDocument {
  const key = '0'.repeat(32);
  const origin = {
    siteId: key,
    agentId: key,
    streamId: key,
    position: 0,
    ordinal: 0,
    isPartial: false,
    encoding: '',
    host: 'web-1',
    labels: {},
  };
  const { name, kind, document } = dispatch(
    { tenant, text: text.trimEnd(), receivedMs: startMs, eventMs: undefined, origin },
    { platformNames: 'platform' },
  );
  const parsed: unknown = JSON.parse(document);
  // All sets of the machine in one index, as with the names of Beats: each costs the server more than its documents.
  const isOfMachine = kind === 'metrics' && !name.includes('tributary');
  return { index: isOfMachine ? `metrics-system.all-${tenant}` : name, document: objectOf(parsed) };
}

const teller = { host: 'web-1', agentId: '0a'.repeat(16), version: '0.1.0', labels: { site: 'main' } };
const at = { nowMs: startMs, periodMs: 10_000, durationNs: 1000 };

/** Of this machine, looked at twice, as shares need that. */
async function metricTexts(): Promise<string[]> {
  const sets = linuxSets({ options: { ...testMetricsOptions, containers: false }, clock: systemClock });
  const measure = async (): Promise<Metric[]> => {
    const moment = { monotonicMs: performance.now(), nowMs: Date.now() };
    const measured = await Promise.all(sets.map(async (set) => await set.measure(moment)));
    return measured.flat();
  };
  const first = await measure();
  await sleep(50);
  return [...first, ...(await measure())].map((metric) => metricDocument(metric, teller, at));
}

/** As docs/PLATFORM-EVENTS.md has them; there are no containers where tests run. */
function dockerTexts(): string[] {
  const container = { id: 'c'.repeat(64), name: 'shop', image: { name: 'shop:1' }, runtime: 'docker' };
  const one = (metricset: string, measured: object, docker: object): Metric => ({
    dataset: `docker.${metricset}`,
    metricset,
    fields: { container: { ...container, ...measured }, docker },
  });
  return [
    one('cpu', { cpu: { usage: 0.1 } }, { cpu: { total: { pct: 0.2, norm: { pct: 0.1 } } } }),
    one('memory', { memory: { usage: 0.5 } }, { memory: { limit: 1000, usage: { total: 500, pct: 0.5 } } }),
    one('diskio', { disk: { read: { bytes: 10 }, write: { bytes: 20 } } }, { diskio: { write: { bytes: 20, ops: 1 } } }),
    one('network', { network: { ingress: { bytes: 30 }, egress: { bytes: 40 } } }, { network: { interface: 'eth0' } }),
  ].map((metric) => metricDocument(metric, teller, at));
}

function agentTexts(): string[] {
  const file = { log: { file: { path: '/var/log/app.log' } } };
  const events: (readonly [name: keyof typeof eventActions, fields: object, sums?: Readonly<Record<string, number>>])[] = [
    ['agent-started', {}],
    ['data-lost', { ...file, tributary: { cause: 'truncated' } }, { bytes: 4096, records: 12 }],
    ['gap', { tributary: { cause: 'buffer-lost', from: 1, to: 5 } }],
    ['source-failed', { ...file, error: { message: 'permission denied' } }],
    ['hub-lost', { tributary: { hub: 'hub.example.com' } }],
    ['buffer-full', { tributary: { unacked_bytes: 100 } }],
  ];
  return events.map(([name, fields, sums = {}]) =>
    eventDocument({ kind: 'event', name, fields: { ...fields }, sums }, teller, { nowMs: startMs, count: 1 }),
  );
}

function hubTexts(): string[] {
  const hub = { ...teller, host: 'hub-1', type: 'tributary-hub', site: 'main' } as const;
  const finding = { tributary: { finding: 'dead-letters', subject: 'shop/app', level: 'yellow' } };
  const events: HubEvent[] = [
    { action: 'finding-raised', message: 'a finding', level: 'warn', category: 'host', fields: finding },
    { action: 'finding-cleared', message: 'it is gone', level: 'info', category: 'host', fields: finding },
    {
      action: 'certificate-measured',
      message: 'a certificate holds',
      level: 'info',
      category: 'configuration',
      fields: {
        event: { kind: 'metric', dataset: 'tributary.certificate' },
        file: { path: '/etc/tributary/hub.crt' },
        tributary: { certificate: { days_left: 12, role: 'listener' } },
      },
    },
    ...(['success', 'failure'] as const).map((outcome, sequence) =>
      auditEvent({
        sequence,
        atMs: startMs,
        action: 'user-logged-in',
        actor: 'anna',
        address: '192.0.2.7:50312',
        outcome,
        tenant: 'acme',
        details: {},
      }),
    ),
  ];
  return events.map((event) => hubDocument(event, hub, { nowMs: startMs }));
}
