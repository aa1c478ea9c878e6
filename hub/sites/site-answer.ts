/** The sites below as the API tells of them: what they said of themselves, with the colours that this site's tree gives them. */
import { printable } from '@tributary/shared/printable.ts';
import type { SiteAnswer } from '../dashboard/api/health-shapes.ts';
import type { HealthTree } from '../health/model/health-model.ts';
import { lowerSiteNode } from '../health/model/node-ids.ts';
import type { SiteView } from './lower-sites.ts';

export function siteAnswers(views: readonly SiteView[], tree: HealthTree): SiteAnswer[] {
  return views.map(({ site, siteId, state, ageMs, hubs, agents, findings, sites }) => {
    const node = tree.get(lowerSiteNode(siteId));
    return {
      site: printable(site),
      siteId,
      state: node?.state ?? state,
      reason: printable(node?.reason ?? ''),
      ageMs,
      hubs: hubs.length,
      agents: { known: agents.known, connected: agents.connected },
      findings: findings.map(({ kind, level, reason, sinceMs }) => ({ kind, level, reason: printable(reason), sinceMs })),
      sites: siteAnswers(sites, tree),
    };
  });
}
