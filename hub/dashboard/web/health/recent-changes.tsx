import type { JSX } from 'preact';
import type { HealthChange } from '../../api/health-shapes.ts';
import { Empty, Loaded, Section } from '../components/section.tsx';
import { StateIcon } from '../components/state.tsx';
import { At } from '../components/time.tsx';
import { useLive } from '../data/live.ts';
import { kindNameOf, nodeHref } from './node-links.ts';

const shown = 8;
/** They become what is below them. */
const above = new Set(['site', 'agents']);

export function RecentChanges(): JSX.Element {
  const live = useLive<{ readonly changes: readonly HealthChange[] }>('/api/v1/health/changes?limit=60', 5000);
  return (
    <Section title="What changed" flush>
      <Loaded live={live} what="What changed">
        {(answer) => {
          const changes = answer.changes.filter(({ node }) => !above.has(node)).slice(0, shown);
          return changes.length === 0 ? (
            <Empty title="Nothing changed lately." />
          ) : (
            <ul class="changes">
              {changes.map(({ id, node, name, from, to, reason, atMs }) => (
                <li key={id} title={reason}>
                  <StateIcon state={from} />
                  <span aria-label="became">→</span>
                  <StateIcon state={to} />
                  <span>{kindNameOf(node)}</span>
                  <a href={nodeHref(node)}>{name}</a>
                  <span class="when">
                    <At ms={atMs} />
                  </span>
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Section>
  );
}
