/** Entries that a reader could not process, or that somebody had it step over. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Confirm } from '../components/confirm.tsx';
import { Ago } from '../components/time.tsx';
import { call } from '../data/api.ts';
import { mayDo, useSession } from '../data/session.ts';
import { bytes, some } from '../units.ts';
import { channelOfEntry, type SetAsideEntry } from './letters.ts';

interface AsideParts {
  readonly entries: readonly SetAsideEntry[];
  readonly refresh: () => void;
}

interface Asking {
  readonly verb: 'replay' | 'drop';
  readonly entry: SetAsideEntry;
}

const shownMax = 200;

export function SetAside({ entries, refresh }: AsideParts): JSX.Element {
  const [asking, setAsking] = useState<Asking>();
  return (
    <>
      <ul class="letters">
        {entries.slice(0, shownMax).map((entry) => (
          <li key={entry.id}>
            <OneEntry entry={entry} onAsk={(verb) => setAsking({ verb, entry })} />
          </li>
        ))}
      </ul>
      {entries.length > shownMax && (
        <p class="hint foot">The first {shownMax} are shown; tributary-hub dlq works on all of them.</p>
      )}
      {asking !== undefined && <Question asking={asking} refresh={refresh} onClose={() => setAsking(undefined)} />}
    </>
  );
}

function OneEntry({
  entry,
  onAsk,
}: {
  readonly entry: SetAsideEntry;
  readonly onAsk: (verb: Asking['verb']) => void;
}): JSX.Element {
  const channel = channelOfEntry(entry);
  const mayOperate = mayDo(useSession(), 'operate', channel.split('/')[0]);
  const why = mayOperate ? undefined : `You may look at ${channel}, not change it: that takes the role operator.`;
  return (
    <>
      <div class="about">
        <strong>{channel}</strong> <span class="hint">reader</span> {entry.group} <span class="label">{entry.id}</span>
        <p class="reason">{entry.reason}</p>
        <p class="hint">
          Set aside <Ago ms={Date.parse(entry.at)} />, received <Ago ms={Date.parse(entry.received)} /> · {bytes(entry.bytes)}
          {entry.stays === '' ? '' : ` · cannot be processed again: ${entry.stays}`}
        </p>
      </div>
      <b class="many" title="Records">
        {some(entry.records, 'record')}
      </b>
      <div class="row-actions">
        <button
          type="button"
          disabled={!mayOperate || entry.stays !== ''}
          title={why ?? (entry.stays === '' ? undefined : entry.stays)}
          onClick={() => onAsk('replay')}
        >
          Process again…
        </button>
        <button type="button" disabled={!mayOperate} title={why} onClick={() => onAsk('drop')}>
          Drop…
        </button>
      </div>
      {why !== undefined && <p class="hint why">{why}</p>}
    </>
  );
}

interface Done {
  readonly done: number;
  readonly stayed: readonly { readonly id: string; readonly why: string }[];
}

function Question({
  asking: { verb, entry },
  refresh,
  onClose,
}: {
  readonly asking: Asking;
  readonly refresh: () => void;
  readonly onClose: () => void;
}): JSX.Element {
  const [tenant] = channelOfEntry(entry).split('/');
  const many = some(entry.records, 'record');
  const confirm = async (): Promise<void> => {
    const body = { tenant, ids: [entry.id], ...(verb === 'drop' ? { yes: true } : {}) };
    const { stayed } = await call<Done>('POST', `/api/v1/dead-letters/entries/${verb}`, { body });
    refresh();
    const [first] = stayed;
    if (first !== undefined) throw new Error(`It stays: ${first.why}`);
  };
  if (verb === 'drop') {
    return (
      <Confirm title={`Drop ${many}?`} action={`Drop ${many} for good`} danger onConfirm={confirm} onClose={onClose}>
        <p>The reader {entry.group} will never have them.</p>
      </Confirm>
    );
  }
  return (
    <Confirm title={`Process ${many} again?`} action={`Process ${many} again`} onConfirm={confirm} onClose={onClose}>
      <p>They come into their topic again, and the readers of it have them once more.</p>
    </Confirm>
  );
}
