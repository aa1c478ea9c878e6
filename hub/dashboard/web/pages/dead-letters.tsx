/** Documents that destinations refused, and entries that were set aside: why, what is in them, and what becomes of them. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Choice } from '../components/form.tsx';
import { Empty, Loaded, Section, Title } from '../components/section.tsx';
import { withQuery } from '../data/api.ts';
import { type Live, useLive } from '../data/live.ts';
import { ownTenants, useSession } from '../data/session.ts';
import { JobState } from '../letters/job-state.tsx';
import { LetterDialog } from '../letters/letter-dialog.tsx';
import { LetterGroups } from '../letters/letter-groups.tsx';
import { filterOf, type LettersAnswer } from '../letters/letters.ts';
import { SetAside } from '../letters/set-aside.tsx';
import { changeQuery, usePlace } from '../router.ts';
import { some } from '../units.ts';

const quietMs = 10_000;
const busyMs = 1000;

export function Page(): JSX.Element {
  const { query } = usePlace();
  const tenants = ownTenants(useSession());
  const tenant = query.get('tenant') ?? tenants?.[0] ?? '';
  const live = useLetters(tenant);
  const total = live.data?.letters.reduce((sum, { count }) => sum + count, 0) ?? 0;
  return (
    <>
      <Title
        aside={
          <>
            {live.data !== undefined && <span class="hint">{some(total, 'document')}</span>}
            {tenants !== undefined && tenants.length > 1 && (
              <Choice
                label="Tenant"
                compact
                value={tenant}
                choices={tenants.map((name) => [name, name] as const)}
                onChange={(name) => changeQuery({ tenant: name }, { replace: false })}
              />
            )}
          </>
        }
      >
        Dead letters
      </Title>
      <Loaded live={live} what="Dead letters">
        {(answer) => <Letters answer={answer} refresh={live.refresh} />}
      </Loaded>
    </>
  );
}

/** Oftener while something is done with them. */
function useLetters(tenant: string): Live<LettersAnswer> {
  const [isBusy, setBusy] = useState(false);
  const live = useLive<LettersAnswer>(withQuery('/api/v1/dead-letters', { tenant }), isBusy ? busyMs : quietMs);
  const isRunning = live.data?.job?.state === 'running';
  useEffect(() => setBusy(isRunning), [isRunning]);
  return live;
}

function Letters({ answer, refresh }: { readonly answer: LettersAnswer; readonly refresh: () => void }): JSX.Element {
  const { query } = usePlace();
  const { letters, entries, job, isPartial, unreadable } = answer;
  const open = letters.find((group) => keyOf(group) === query.get('open'));
  if (letters.length === 0 && entries.length === 0 && unreadable === 0) {
    return (
      <>
        {job !== undefined && <JobState job={job} refresh={refresh} />}
        <Empty title="There are no dead letters.">
          What Elasticsearch refuses for good, and what a pipeline cannot process, is kept here until somebody looks at it.
        </Empty>
      </>
    );
  }
  return (
    <>
      {job !== undefined && <JobState job={job} refresh={refresh} />}
      {isPartial && (
        <p class="hint" role="status">
          There are more: these are counted as far as one waits for an answer.
        </p>
      )}
      {unreadable > 0 && <p class="hint">{some(unreadable, 'entry', 'entries')} among them cannot be read.</p>}
      {letters.length > 0 && (
        <Section title="Refused by a destination" flush>
          <LetterGroups
            groups={letters}
            isBusy={job?.state === 'running'}
            refresh={refresh}
            onOpen={(group) => changeQuery({ open: keyOf(group) }, { replace: false })}
          />
        </Section>
      )}
      {entries.length > 0 && (
        <Section title="Set aside by a reader" flush aside={<span class="hint">{some(entries.length, 'entry', 'entries')}</span>}>
          <SetAside entries={entries} refresh={refresh} />
        </Section>
      )}
      {open !== undefined && (
        <LetterDialog
          group={open}
          filter={filterOf(open)}
          refresh={refresh}
          onClose={() => changeQuery({ open: '' }, { replace: false })}
        />
      )}
    </>
  );
}

function keyOf({ channel, output, error, status }: LettersAnswer['letters'][number]): string {
  return [channel, output, error, status].join(' ');
}
