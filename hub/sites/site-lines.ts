/** The sites below, in the status as a person reads it. Whatever they say of themselves is bounded and shown as it is. */
import { printable } from '@tributary/shared/printable.ts';
import type { SiteView } from './lower-sites.ts';

const shownMax = 50;

/** One line per site, those below one indented. */
export function siteLines(sites: readonly SiteView[], level = 0): string[] {
  return sites.slice(0, shownMax).flatMap((site) => [lineOf(site, level), ...siteLines(site.sites, level + 1)]);
}

function lineOf({ site, siteId, state, ageMs, hubs, agents, groups, findings }: SiteView, level: number): string {
  const waiting = groups.reduce((most, { entries }) => Math.max(most, entries), 0);
  const parts = [
    state === 'unknown' ? `unknown: nothing heard for ${Math.round(ageMs / 1000)} s; before that` : `${state},`,
    `${hubs.length} hubs,`,
    `${agents.connected} of ${agents.known} agents connected,`,
    `${waiting} entries wait,`,
    `${findings.length} findings`,
  ];
  const indent = '  '.repeat(level);
  return `${level === 0 ? 'site below   ' : '             '}${indent}${printable(`${site} (${siteId.slice(0, 8)}): ${parts.join(' ')}`)}`;
}
