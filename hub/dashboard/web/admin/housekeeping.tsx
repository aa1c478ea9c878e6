/** What went by itself last, what would go now, and having it go at once. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Confirm } from '../components/confirm.tsx';
import { PlainTable } from '../components/plain-table.tsx';
import { Empty, Facts, Loaded, Section } from '../components/section.tsx';
import { Ago } from '../components/time.tsx';
import { call } from '../data/api.ts';
import { useLive } from '../data/live.ts';
import { mayDo, useSession } from '../data/session.ts';
import { bytes, duration, exact, some } from '../units.ts';

interface Run {
  readonly state: 'running' | 'done';
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly kinds: readonly { readonly kind: string; readonly removed: number; readonly bytes: number; readonly failed: number }[];
  readonly notes: readonly string[];
}

interface Plan {
  readonly removals: readonly {
    readonly kind: string;
    readonly subject: string;
    readonly tenant?: string;
    readonly type?: string;
    readonly bytes: number;
    readonly why: string;
  }[];
  readonly kinds: readonly { readonly kind: string; readonly count: number; readonly bytes: number }[];
  readonly notes: readonly string[];
}

const shownMax = 100;

export function HousekeepingPart(): JSX.Element {
  const last = useLive<{ readonly last?: Run }>('/api/v1/housekeeping', 5000);
  const plan = useLive<Plan>('/api/v1/housekeeping/plan', 60_000);
  const [isAsking, setAsking] = useState(false);
  const mayRun = mayDo(useSession(), 'operate', '*');
  const refresh = (): void => {
    last.refresh();
    plan.refresh();
  };
  return (
    <>
      <Section
        title="What went last"
        aside={
          <button
            type="button"
            disabled={!mayRun}
            title={mayRun ? undefined : 'That takes the role operator for all tenants.'}
            onClick={() => setAsking(true)}
          >
            Run now…
          </button>
        }
      >
        <Loaded live={last} what="The last run">
          {({ last: run }) => <LastRun run={run} />}
        </Loaded>
      </Section>
      <Section title="What would go now" flush>
        <Loaded live={plan} what="The plan">
          {(answer) => <PlanTable plan={answer} />}
        </Loaded>
      </Section>
      {isAsking && (
        <Confirm
          title="Have housekeeping run now?"
          action="Run it"
          onConfirm={async () => {
            await call('POST', '/api/v1/housekeeping/run', { body: {} });
            refresh();
          }}
          onClose={() => setAsking(false)}
        >
          <p>
            What is older than the configuration keeps it goes for good, as it would at its next hour. The plan below tells what
            that is.
          </p>
        </Confirm>
      )}
    </>
  );
}

function LastRun({ run }: { readonly run: Run | undefined }): JSX.Element {
  if (run === undefined) {
    return <Empty title="It has not run yet.">It runs by its schedule, which is in the configuration: housekeeping.</Empty>;
  }
  return (
    <>
      <Facts
        facts={[
          ['Began', <Ago key="began" ms={run.startedMs} />],
          ['State', run.state === 'running' ? 'runs, or was broken off' : 'done'],
          ['Took', run.endedMs === null ? undefined : duration(run.endedMs - run.startedMs)],
          ...run.kinds.map(
            ({ kind, removed, bytes: freed, failed }) =>
              [kind, `${exact(removed)} gone, ${bytes(freed)}${failed === 0 ? '' : `, ${failed} failed`}`] as const,
          ),
        ]}
      />
      <Notes notes={run.notes} />
    </>
  );
}

function PlanTable({ plan }: { readonly plan: Plan }): JSX.Element {
  const { removals, kinds, notes } = plan;
  const total = kinds.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) {
    return (
      <>
        <Empty title="Nothing is too old.">How long each kind is kept is in the configuration: retention.</Empty>
        <Notes notes={notes} />
      </>
    );
  }
  return (
    <>
      <PlainTable label="What would go" heads={['What', 'Kind', 'Why']} last={{ figure: 'Size' }}>
        {removals.slice(0, shownMax).map(({ kind, subject, tenant, type, bytes: freed, why }) => (
          <tr key={`${kind} ${subject}`}>
            <th scope="row">
              {subject}
              {tenant !== undefined && (
                <div class="hint">
                  {tenant}
                  {type === undefined ? '' : `/${type}`}
                </div>
              )}
            </th>
            <td>{kind}</td>
            <td>{why}</td>
            <td class="figure">{bytes(freed)}</td>
          </tr>
        ))}
      </PlainTable>
      <p class="hint foot">{some(total, 'thing')} in all</p>
      <Notes notes={notes} />
    </>
  );
}

function Notes({ notes }: { readonly notes: readonly string[] }): JSX.Element {
  return (
    <>
      {notes.map((note) => (
        <p key={note} class="hint foot">
          {note}
        </p>
      ))}
    </>
  );
}
