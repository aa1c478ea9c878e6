/** What happens to a hub among several, and to the store that they share. */
import type { ClusterBed } from '../beds/cluster-bed.ts';
import type { Fault } from '../fault.ts';

/** A program of an older version is the same one that says it is: it asks this name for what packaging puts in. */
const olderVersion = 'NODE_OPTIONS=--import=data:text/javascript,globalThis.tributaryVersion=%220.0.1%22';
const isAway =
  /the hub on .* is not heard of since .*: see whether its machine and tributary-hub run, and whether it reaches the store/;
/** What waits for a hub, or for the store. */
const waits = {
  'topic/*': /: \S+ gets nowhere although |still waits for \S+: it is behind/,
  'output/*': /gets nowhere and has no error to tell/,
};

export const clusterFaults: readonly Fault<ClusterBed>[] = [
  {
    name: 'hub-killed',
    what: 'the process of one of two hubs is killed',
    mended: 'it is started again',
    make: async ({ parts }) => {
      await parts.other.program.kill();
    },
    repair: async ({ parts }) => {
      await parts.other.start();
    },
    node: 'hub/two',
    colour: 'unknown',
    reason: isAway,
    // What it worked on is another's once its leases are over; it is red where its start takes longer than it is doubtful.
    meanwhile: { ...waits, 'hub/two': isAway },
  },
  {
    name: 'hub-older',
    what: 'one of two hubs is of an older version',
    mended: 'it is of the same',
    make: async ({ parts }) => {
      await parts.other.program.stop();
      await parts.other.start({ wrap: ['env', olderVersion] });
    },
    repair: async ({ parts }) => {
      await parts.other.program.stop();
      await parts.other.start();
    },
    node: 'hub/two',
    colour: 'yellow',
    reason: /has version 0\.0\.1, another one of this site .*: bring the upgrade to its end/,
    meanwhile: { 'hub/two': isAway },
    unreal: 'the hub is of this version and says that it is another; that is told after a second here, by default after an hour',
  },
  {
    name: 'redis-volatile',
    what: 'Redis is told to write to its disk once a second only',
    mended: 'it is told to write at once',
    make: async ({ parts }) => {
      await parts.redis.command('CONFIG', 'SET', 'appendfsync', 'everysec');
    },
    repair: async ({ parts }) => {
      await parts.redis.command('CONFIG', 'SET', 'appendfsync', 'always');
    },
    node: 'store',
    colour: 'red',
    reason:
      /Redis at .* has appendfsync everysec: a power cut loses what it acked last\. Run "CONFIG SET appendfsync always" there/,
    also: waits,
  },
  {
    name: 'redis-killed',
    what: 'the Redis of the site is killed',
    mended: 'it runs again',
    make: ({ parts }) => parts.redis.kill(),
    repair: ({ parts }) => parts.redis.restart(),
    node: 'store',
    colour: 'red',
    reason: /Redis at .* cannot be reached: nothing listens there; start it, or correct queue\.redis/,
    also: waits,
  },
];
