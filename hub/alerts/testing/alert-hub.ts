/**
 * What of a hub tells people, over a real Redis: its part in the cluster, its copy of the registry, and alerts. What stands is the lines of a file, the same for all
 * hubs of a test. As a process, it may be killed at a crash point: `node alert-hub.ts PARTS`, which prints `held` when it is the one that tells.
 */
import { readFileSync } from 'node:fs';
import { systemClock } from '@tributary/shared/clock.ts';
import { armCrashPoint } from '@tributary/shared/crash-point.ts';
import { createLogger } from '@tributary/shared/log.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { clusterLibrary } from '../../cluster/redis/functions.ts';
import { SharedCluster } from '../../cluster/redis/shared-cluster.ts';
import { SiteStore } from '../../cluster/redis/site-store.ts';
import { alertOptions } from '../../config/alert-options.ts';
import type { HealthTree, ModelNode } from '../../health/model/health-model.ts';
import { testMasters } from '../../queue/redis/masters/redis-fixture.ts';
import { openRegistry } from '../../registry/open-registry.ts';
import type { SharedOptions } from '../../registry/sqlite/registry-calls.ts';
import { RecordingFindings } from '../../testing/recording-health.ts';
import { Alerts } from '../alerts.ts';

export interface AlertHubParts {
  readonly letter: string;
  readonly folder: string;
  readonly standingFile: string;
  readonly url: string;
  readonly shared: SharedOptions;
}

/** Resolves when aborted. `onHeld`: it is the one that tells from now on. */
export async function runAlertHub(parts: AlertHubParts, signal: AbortSignal, onHeld: () => void): Promise<void> {
  const { letter, folder, standingFile, url, shared } = parts;
  const log = createLogger({ level: 'error', sink: () => undefined });
  await using registry = await openRegistry({ folder, log, thread: true, shared });
  const { prefix } = shared.redis;
  await using opened = await testMasters({ url: shared.redis.url, prefix }, { libraries: [clusterLibrary] });
  const { masters } = opened;
  const self = { hubId: letter.repeat(32), host: letter, version: '1', startedMs: 0 };
  const store = new SiteStore(masters);
  await using joined = await SharedCluster.join({ masters, store, self, partitions: 1, clock: systemClock, logger: log });
  const cluster: Pick<Cluster, 'underLock'> = {
    underLock: (name, ended, work) =>
      joined.underLock(name, ended, (lock, inner) => {
        onHeld();
        return work(lock, inner);
      }),
  };
  const receivers = [{ kind: 'webhook', name: 'ops', url }];
  const options = alertOptions.parse({ group_wait: '0s', interval: '0s', resolve_after: '0s', receivers });
  const alerts = new Alerts({
    site: { name: 'main', siteId: 'ab'.repeat(16) },
    options: () => options,
    tree: () => treeOf(readFileSync(standingFile, 'utf8')),
    registry,
    cluster,
    findings: new RecordingFindings(),
    clock: systemClock,
    logger: log,
  });
  await alerts.run(signal);
}

/** The site is there as soon as there is a tree. */
function treeOf(standing: string): HealthTree {
  const green = { own: 'green', state: 'green', reason: '', sinceMs: 0 } as const;
  const site: ModelNode = { ...green, id: 'site', kind: 'site', name: 'main', parent: undefined, owners: 'site', causes: [] };
  const outputs = standing
    .split('\n')
    .filter((name) => name !== '')
    .map((name): ModelNode => {
      const cause = { kind: 'archive-waits', subject: name, level: 'red', reason: 'the disk is full', sinceMs: 0 } as const;
      return { ...site, state: 'red', own: 'red', id: `output/${name}`, kind: 'output', name, parent: 'site', causes: [cause] };
    });
  return new Map([site, ...outputs].map((node) => [node.id, node]));
}

if (import.meta.main) {
  const parts: AlertHubParts = JSON.parse(process.argv[2] ?? '');
  armCrashPoint(process.env['TRIBUTARY_CRASH_POINT']);
  await runAlertHub(parts, new AbortController().signal, () => void process.stdout.write('held\n'));
}
