/** Who did what to whom: the audit trail, searched for in the platform channel. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Choice, Field } from '../components/form.tsx';
import { PlainTable } from '../components/plain-table.tsx';
import { Empty, Problem, Section } from '../components/section.tsx';
import { At } from '../components/time.tsx';
import { changeQuery, usePlace } from '../router.ts';
import { quickRanges } from '../search/asked.ts';
import { useResults } from '../search/use-results.ts';
import { type AuditEntry, auditEntry, auditQuery } from './audit-entry.ts';

const usualFrom = 'now-24h';

export function Audit(): JSX.Element {
  const { query } = usePlace();
  const [who, setWho] = useState(query.get('who') ?? '');
  const [what, setWhat] = useState(query.get('what') ?? '');
  const from = query.get('from') ?? usualFrom;
  const asked = { who: query.get('who') ?? '', what: query.get('what') ?? '' };
  const results = useResults({ type: 'platform', query: auditQuery(asked), from }, 0);
  const entries = results.records.flatMap((record) => auditEntry(record) ?? []);
  return (
    <Section title="Audit trail" flush aside={<Told count={entries.length} isRunning={results.isRunning} />}>
      <form
        class="filters audit-filters"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          changeQuery({ who: who.trim(), what: what.trim() }, { replace: false });
        }}
      >
        <Field label="Who" placeholder="Who" type="search" compact value={who} onInput={setWho} />
        <Field
          label="What, such as token-created"
          placeholder="What, such as token-created"
          type="search"
          compact
          value={what}
          onInput={setWhat}
        />
        <Choice
          label="Since when"
          compact
          value={from}
          choices={quickRanges.map(([value, text]) => [value, `The last ${text}`] as const)}
          onChange={(value) => changeQuery({ from: value }, { replace: false })}
        />
        <button type="submit">Find</button>
      </form>
      {results.error !== undefined && <Problem error={results.error} what="The trail cannot be shown." />}
      {entries.length === 0 && results.isRunning && <div class="loading" role="status" aria-label="Searching" />}
      {entries.length === 0 && !results.isRunning && results.error === undefined && (
        <Empty title="Nobody did anything of this kind in this time.">
          Or it is about tenants that are not yours. What is done shows up here some seconds later.
        </Empty>
      )}
      {entries.length > 0 && <AuditTable entries={entries} />}
      {results.more !== undefined && (
        <p class="foot">
          <button type="button" onClick={results.more}>
            More
          </button>
        </p>
      )}
    </Section>
  );
}

function Told({ count, isRunning }: { readonly count: number; readonly isRunning: boolean }): JSX.Element {
  return (
    <span class="hint" role="status">
      {count} shown{isRunning ? ', searching…' : ''}
    </span>
  );
}

function AuditTable({ entries }: { readonly entries: readonly AuditEntry[] }): JSX.Element {
  return (
    <PlainTable label="Audit trail" heads={['When', 'Who', 'What', 'To what']}>
      {entries.map(({ key, atMs, who, address, action, message, isFailure, details }) => (
        <tr key={key}>
          <td class="when">
            <At ms={atMs} />
          </td>
          <th scope="row">
            {who === '' ? 'a stranger' : who}
            {address !== '' && <div class="hint">{address}</div>}
          </th>
          <td>
            {message}
            <div class="hint">
              {action}
              {isFailure && <b class="error-text"> failed</b>}
            </div>
          </td>
          <td>
            {details.map(([name, value]) => (
              <span key={name} class="label" title={value}>
                {name}: {value.length > 60 ? `${value.slice(0, 60)}…` : value}
              </span>
            ))}
          </td>
        </tr>
      ))}
    </PlainTable>
  );
}
