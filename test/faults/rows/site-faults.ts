/** What happens between two sites, and what one of them sees of the other. */
import type { SitesBed } from '../beds/sites-bed.ts';
import type { Fault } from '../fault.ts';

export const upperFaults: readonly Fault<SitesBed>[] = [
  {
    name: 'site-link-cut',
    what: 'the network to a site below is cut, and nothing tells of it',
    mended: 'it is there again',
    make: ({ parts }) => parts.link.cut(),
    repair: ({ parts }) => parts.link.mend(),
    node: 'site/branch',
    colour: 'unknown',
    reason: /is not heard of since/,
    also: ['site/branch/*'],
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
    reason: /is not heard of since/,
    also: ['site/branch/*'],
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
    reason: /agent .* is not connected since/,
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
    reason: /cannot be reached|ECONN|not reached/i,
    also: ['topic/front/*'],
  },
  {
    name: 'upstream-link-cut',
    what: 'the network to the site above is cut, and nothing tells of it',
    mended: 'it is there again',
    make: ({ parts }) => parts.link.cut(),
    repair: ({ parts }) => parts.link.mend(),
    node: 'output/up',
    colour: 'yellow',
    reason: /cannot be reached|answer|reached/i,
    also: ['topic/front/*'],
  },
];
