/** Kinds of dead letters, a row each: of one channel, output and error. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Confirm } from '../components/confirm.tsx';
import { Ago } from '../components/time.tsx';
import { call } from '../data/api.ts';
import { mayDo, useSession } from '../data/session.ts';
import { exact, some } from '../units.ts';
import { filterOf, type LetterGroup } from './letters.ts';

interface GroupsParts {
  readonly groups: readonly LetterGroup[];
  /** Something is done with some of them: one thing at a time. */
  readonly isBusy: boolean;
  readonly onOpen: (group: LetterGroup) => void;
  readonly refresh: () => void;
}

type Asking = { readonly verb: 'replay' | 'drop'; readonly group: LetterGroup };

export function LetterGroups({ groups, isBusy, onOpen, refresh }: GroupsParts): JSX.Element {
  const [asking, setAsking] = useState<Asking>();
  return (
    <>
      <ul class="letters">
        {groups.map((group) => (
          <li key={[group.channel, group.output, group.error, group.status].join(' ')}>
            <OneGroup group={group} isBusy={isBusy} onOpen={() => onOpen(group)} onAsk={(verb) => setAsking({ verb, group })} />
          </li>
        ))}
      </ul>
      {asking !== undefined && <Question asking={asking} refresh={refresh} onClose={() => setAsking(undefined)} />}
    </>
  );
}

interface OneParts {
  readonly group: LetterGroup;
  readonly isBusy: boolean;
  readonly onOpen: () => void;
  readonly onAsk: (verb: Asking['verb']) => void;
}

function OneGroup({ group, isBusy, onOpen, onAsk }: OneParts): JSX.Element {
  const session = useSession();
  const mayOperate = mayDo(session, 'operate', group.channel.split('/')[0]);
  const why = !mayOperate ? `You may look at ${group.channel}, not change it: that takes the role operator.` : undefined;
  const busy = isBusy ? 'Something is done with dead letters: one thing at a time.' : undefined;
  const blocked = why ?? busy;
  return (
    <>
      <div class="about">
        <strong>{group.channel}</strong> <span class="hint">to</span> {group.output}{' '}
        <span class="label">
          {group.error}
          {group.status > 0 ? ` ${group.status}` : ''}
        </span>
        <p class="reason">{group.reason}</p>
        <p class="hint">
          Refused first <Ago ms={Date.parse(group.oldest)} />, last <Ago ms={Date.parse(group.newest)} />
          {group.tries > 1 ? `, up to ${group.tries} times` : ''}
          {group.index === '' ? '' : ` · ${group.index}`}
        </p>
      </div>
      <b class="many" title="Documents">
        {exact(group.count)}
      </b>
      <div class="row-actions">
        <button type="button" onClick={onOpen}>
          Look
        </button>
        <button type="button" disabled={blocked !== undefined} title={blocked} onClick={() => onAsk('replay')}>
          Send again…
        </button>
        <button type="button" disabled={blocked !== undefined} title={blocked} onClick={() => onAsk('drop')}>
          Drop…
        </button>
      </div>
      {why !== undefined && <p class="hint why">{why}</p>}
    </>
  );
}

function Question({
  asking: { verb, group },
  refresh,
  onClose,
}: {
  readonly asking: Asking;
  readonly refresh: () => void;
  readonly onClose: () => void;
}): JSX.Element {
  const many = some(group.count, 'document');
  const body = verb === 'drop' ? { ...filterOf(group), yes: true } : filterOf(group);
  const confirm = async (): Promise<void> => {
    await call('POST', `/api/v1/dead-letters/${verb}`, { body });
    refresh();
  };
  if (verb === 'drop') {
    return (
      <Confirm title={`Drop ${many}?`} action={`Drop ${many} for good`} danger onConfirm={confirm} onClose={onClose}>
        <p>
          They were refused by {group.output} and will never be in it. Their lines stay in the archive, as long as it keeps them.
        </p>
      </Confirm>
    );
  }
  return (
    <Confirm title={`Send ${many} again?`} action={`Send ${many} again`} onConfirm={confirm} onClose={onClose}>
      <p>
        They go to {group.output} under the ids they have: none is there twice. What is refused again stays here. Mend first what
        they were refused for: {group.reason}
      </p>
    </Confirm>
  );
}
