/** All faults, by the beds in which they are made. */
import { ClusterBed } from './beds/cluster-bed.ts';
import { DisksBed } from './beds/disks-bed.ts';
import { ElasticBed } from './beds/elastic-bed.ts';
import { HabitsBed } from './beds/habits-bed.ts';
import { SiteBed } from './beds/site-bed.ts';
import { SitesBed } from './beds/sites-bed.ts';
import { batchOf } from './batch.ts';
import type { Batch } from './fault.ts';
import { agentFaults, siteAgents } from './rows/agent-faults.ts';
import { clusterFaults } from './rows/cluster-faults.ts';
import { destinationFaults } from './rows/destination-faults.ts';
import { diskFaults } from './rows/disk-faults.ts';
import { habitFaults } from './rows/habit-faults.ts';
import { hubFaults } from './rows/hub-faults.ts';
import { lowerFaults, upperFaults } from './rows/site-faults.ts';

export const matrix: readonly Batch[] = [
  batchOf({
    bed: 'site',
    about: 'one hub with TLS and its store in SQLite, and three agents',
    tools: ['tmpfs', 'faketime', 'redis'],
    open: () => SiteBed.open({ agents: siteAgents }),
    faults: [...agentFaults, ...hubFaults],
  }),
  batchOf({
    bed: 'habits',
    about: 'one hub that has learned what is usual, an agent and a device that write all the time',
    tools: [],
    open: () => HabitsBed.open(),
    faults: habitFaults,
  }),
  batchOf({
    bed: 'disks',
    about: 'one hub whose store and archive have small disks, an agent with a small buffer and one with a small disk',
    tools: ['tmpfs'],
    open: () => DisksBed.open(),
    faults: diskFaults,
  }),
  batchOf({
    bed: 'cluster',
    about: 'two hubs that share a Redis, and an agent',
    tools: ['redis'],
    open: () => ClusterBed.open(),
    faults: clusterFaults,
  }),
  batchOf({
    bed: 'upper',
    about: 'two sites, one below the other: seen from above',
    tools: [],
    open: () => SitesBed.open('upper'),
    faults: upperFaults,
  }),
  batchOf({
    bed: 'lower',
    about: 'two sites, one below the other: seen from below',
    tools: [],
    open: () => SitesBed.open('lower'),
    faults: lowerFaults,
  }),
  batchOf({
    bed: 'elastic',
    about: 'one hub that indexes into a real Elasticsearch and archives into a real S3 server',
    tools: ['elasticsearch', 's3'],
    open: () => ElasticBed.open(),
    faults: destinationFaults,
  }),
];

const shortNames = new Set(['agent-killed', 'agent-configuration', 'channel-paused', 'pipeline-broken', 'plaintext-listener']);

/** Of several kinds, on what every machine has: for each run of the tests. */
export const shortForm: Batch = batchOf({
  bed: 'short',
  about: 'one hub with TLS, and an agent',
  tools: [],
  open: () => SiteBed.open({ agents: { web: {} } }),
  standsMs: 1000,
  faults: [...agentFaults, ...hubFaults].filter(({ name }) => shortNames.has(name)),
});
