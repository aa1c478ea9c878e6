/** This site and those below it: for who may look at the whole site. */
import type { JSX } from 'preact';
import type { HealthAnswer, HealthState, SiteAnswer } from '../../api/health-shapes.ts';
import { Section } from '../components/section.tsx';
import { StateIcon } from '../components/state.tsx';
import { useLive } from '../data/live.ts';
import { count, duration, some } from '../units.ts';
import { nodeHref } from './node-links.ts';

export function SitesTree({ health }: { readonly health: HealthAnswer | undefined }): JSX.Element {
  const below = useLive<{ readonly sites: readonly SiteAnswer[] }>('/api/v1/sites', 5000);
  const sites = below.data?.sites ?? [];
  return (
    <Section title="Sites">
      <ul class="tree">
        {health !== undefined && (
          <li>
            <Row
              state={health.state}
              name={health.site === '' ? 'This site' : health.site}
              reason={health.reason}
              more="this site"
            />
            {sites.length > 0 && <Branch sites={sites} />}
          </li>
        )}
      </ul>
      {below.data !== undefined && sites.length === 0 && <p class="hint">No site below sends to this one.</p>}
    </Section>
  );
}

function Branch({ sites }: { readonly sites: readonly SiteAnswer[] }): JSX.Element {
  return (
    <ul>
      {sites.map((site) => (
        <li key={site.siteId}>
          <Row
            state={site.state}
            name={site.site}
            reason={site.reason}
            href={nodeHref(`site/${site.siteId}`)}
            more={`${count(site.agents.connected)}/${count(site.agents.known)} agents, ${some(site.hubs, 'hub')}, ${heard(site)}`}
          />
          {site.sites.length > 0 && <Branch sites={site.sites} />}
        </li>
      ))}
    </ul>
  );
}

/** The hub tells it by the minute: between them the answer is the same. */
function heard({ ageMs }: SiteAnswer): string {
  return ageMs < 60_000 ? 'heard just now' : `heard ${duration(ageMs)} ago`;
}

interface RowParts {
  readonly state: HealthState;
  readonly name: string;
  readonly reason: string;
  readonly more: string;
  readonly href?: string;
}

function Row({ state, name, reason, more, href }: RowParts): JSX.Element {
  return (
    <div class="site-row" title={reason}>
      <StateIcon state={state} />
      {href === undefined ? <strong>{name}</strong> : <a href={href}>{name}</a>}
      <span class="hint">{more}</span>
    </div>
  );
}
