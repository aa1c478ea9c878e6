/** What happens between two sites, and what one of them sees of the other. */
import type { SitesBed } from '../beds/sites-bed.ts';
import type { Fault } from '../fault.ts';

const upstreamAway =
  /the upstream up cannot be reached \(.*\): what is for it waits here; see whether its hubs run, and whether this one reaches them/;

export const upperFaults: readonly Fault<SitesBed>[] = [
  {
    name: 'site-link-cut',
    what: 'the network to a site below is cut, and nothing tells of it',
    mended: 'it is there again',
    make: ({ parts }) => parts.link.cut(),
    repair: ({ parts }) => parts.link.mend(),
    node: 'site/branch',
    colour: 'unknown',
    reason: /is not heard of since .*: see whether its hubs run, and whether they reach this site/,
    // What it saw of it itself, which it tells once it is heard again.
    meanwhile: {
      'site/branch/output/up': /the upstream up cannot be reached/,
      'site/branch/topic/front/*': /upstream:up gets nowhere|still waits for upstream:up/,
    },
  },
  {
    name: 'site-hub-killed',
    what: 'the only hub of a site below is killed',
    mended: 'it is started again',
    make: async ({ parts }) => {
      await parts.lower.program.kill();
    },
    repair: async (bed) => {
      await bed.parts.lower.start();
      await bed.connected(bed.parts.web);
    },
    node: 'site/branch',
    colour: 'unknown',
    reason: /is not heard of since .*: see whether its hubs run, and whether they reach this site/,
  },
  {
    name: 'site-agent-killed',
    what: 'an agent of a site below is killed',
    mended: 'it is started again',
    make: async ({ parts }) => {
      await parts.web.host.program.kill();
    },
    repair: async (bed) => {
      await bed.parts.web.host.start();
      await bed.connected(bed.parts.web);
    },
    node: 'site/branch/agent/web',
    colour: 'red',
    reason: /agent .* is not connected since .*: see whether its machine runs/,
  },
];

export const lowerFaults: readonly Fault<SitesBed>[] = [
  {
    name: 'upstream-killed',
    what: 'the hub of the site above is killed',
    mended: 'it is started again',
    make: async ({ parts }) => {
      await parts.upper.program.kill();
    },
    repair: async ({ parts }) => {
      await parts.upper.start();
    },
    node: 'output/up',
    colour: 'yellow',
    reason: upstreamAway,
    also: { 'topic/front/*': /: upstream:up gets nowhere although .*: wss:|still waits for upstream:up: it is behind/ },
  },
  {
    name: 'upstream-link-cut',
    what: 'the network to the site above is cut, and nothing tells of it',
    mended: 'it is there again',
    make: ({ parts }) => parts.link.cut(),
    repair: ({ parts }) => parts.link.mend(),
    node: 'output/up',
    colour: 'yellow',
    reason: upstreamAway,
    also: { 'topic/front/*': /: upstream:up gets nowhere although .*: wss:|still waits for upstream:up: it is behind/ },
  },
];
