/** What a site below told: its troubles, at its own nodes in this tree where it told of these, and at the site's where it did not. */
import { printable } from '@tributary/shared/printable.ts';
import type { SiteView } from '../../sites/lower-sites.ts';
import { momentText } from '../rules/rule.ts';
import type { ModelCause } from './health-model.ts';
import { innerNode, lowerSiteNode, type NodeId } from './node-ids.ts';

/** A site of which nothing was heard lately is not known to be as it said. */
export function lowerSiteCauses(view: SiteView, nowMs: number): [NodeId, ModelCause][] {
  const node = lowerSiteNode(view.siteId);
  const below = view.sites.flatMap((site) => lowerSiteCauses(site, nowMs));
  if (view.state === 'unknown') {
    const sinceMs = nowMs - view.ageMs;
    const reason = `site ${printable(view.site)} has not told of itself since ${momentText(sinceMs)}: see whether its hubs run and reach this site`;
    return [[node, { kind: 'site-silent', subject: view.siteId, level: 'unknown', reason, sinceMs }], ...below];
  }
  return [...ownCauses(view), ...below];
}

function ownCauses({ siteId, findings, health }: SiteView): [NodeId, ModelCause][] {
  if (health === undefined)
    return findings.map((finding) => [lowerSiteNode(siteId), { ...finding, reason: printable(finding.reason) }]);
  return health.nodes.flatMap(({ id, causes }) =>
    causes.map((cause): [NodeId, ModelCause] => [innerNode(siteId, id), { ...cause, reason: printable(cause.reason) }]),
  );
}
