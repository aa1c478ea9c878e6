/**
 * Asks before people are kept from being told of a finding, or told again. The dialog belongs to the whole list: what is typed into it stays when
 * the list changes, or the finding is over meanwhile.
 */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Confirm } from '../components/confirm.tsx';
import { Choice, Field } from '../components/form.tsx';
import { At } from '../components/time.tsx';
import { zone } from '../clock.ts';
import { call, hubNow } from '../data/api.ts';
import { useStore } from '../data/store.ts';
import type { WrongThing } from './group-causes.ts';
import { acknowledgeTimes, type HoldTime, silenceTimes, untilMsOf } from './hold-times.ts';
import type { HoldVerb } from './held-by.tsx';

export interface Holding {
  readonly ask: (verb: HoldVerb, thing: WrongThing) => void;
  /** While something is asked. */
  readonly dialog: JSX.Element | undefined;
}

interface Asked {
  readonly verb: HoldVerb;
  readonly thing: WrongThing;
}

interface DialogParts extends Asked {
  /** What was asked for is done. */
  readonly onDone: () => void;
  readonly onClose: () => void;
}

const path = '/api/v1/alerts';
/** The hub looks once in a second who knows of what. */
const shownAfterMs = 1500;

export function useHolding(refresh: () => void): Holding {
  const [asked, setAsked] = useState<Asked>();
  const onDone = (): void => {
    refresh();
    window.setTimeout(refresh, shownAfterMs);
  };
  const parts = asked && { ...asked, onDone, onClose: () => setAsked(undefined) };
  const isBack = asked?.verb === 'unacknowledge' || asked?.verb === 'unsilence';
  return {
    ask: (verb, thing) => setAsked({ verb, thing }),
    dialog: parts && (isBack ? <TakeBack {...parts} /> : <Hold {...parts} />),
  };
}

function Hold({ verb, thing, onDone, onClose }: DialogParts): JSX.Element {
  const isSilence = verb === 'silence';
  const { node, cause } = thing;
  const chosenZone = useStore(zone);
  const [note, setNote] = useState('');
  const [time, setTime] = useState<HoldTime>(isSilence ? 'hour' : 'over');
  const hold = async (): Promise<void> => {
    const untilMs = untilMsOf(time, hubNow(), chosenZone);
    const tenant = isSilence && node.tenant !== undefined ? { tenant: node.tenant } : {};
    const body = { node: node.id, finding: cause.kind, note, ...(untilMs !== undefined && { untilMs }), ...tenant };
    await call('POST', `${path}/${isSilence ? 'silences' : 'acknowledgements'}`, { body });
    onDone();
  };
  const untilMs = untilMsOf(time, hubNow(), chosenZone);
  return (
    <Confirm
      title={`${isSilence ? 'Silence' : 'Acknowledge'} ${cause.kind} of ${node.name}`}
      action={isSilence ? 'Silence it' : 'Acknowledge it'}
      onConfirm={hold}
      onClose={onClose}
    >
      <p>{cause.reason}</p>
      <p class="hint">
        {isSilence
          ? 'Nobody is told of it, neither that it comes nor that it goes; what is still there at the end is told then.'
          : 'Others see that you take care of it. People are not told again while it lasts, only that it gets worse or is over.'}
      </p>
      <Field
        label="Note"
        hint="For those who ask: why, and what is done about it."
        value={note}
        onInput={setNote}
        required
        autofocus
      />
      <Choice label="For how long" value={time} choices={isSilence ? silenceTimes : acknowledgeTimes} onChange={setTime} />
      {untilMs !== undefined && (
        <p class="hint">
          Until <At ms={untilMs} />
        </p>
      )}
    </Confirm>
  );
}

function TakeBack({ verb, thing, onDone, onClose }: DialogParts): JSX.Element {
  const { node, cause } = thing;
  const silence = cause.silenced?.silence;
  const back = async (): Promise<void> => {
    if (verb === 'unsilence') await call('DELETE', `${path}/silences/${silence?.id ?? ''}`);
    else await call('DELETE', `${path}/acknowledgements`, { query: { node: node.id, finding: cause.kind } });
    onDone();
  };
  const isOfMore = silence !== undefined && (silence.node !== node.id || silence.finding !== cause.kind);
  return (
    <Confirm title="Have people told again?" action="Take it back" onConfirm={back} onClose={onClose}>
      {verb === 'unacknowledge' ? (
        <p>
          {cause.acknowledged?.by} does not take care of {cause.kind} of {node.name} any more: people are told again while it
          lasts.
        </p>
      ) : (
        <p>
          {cause.kind} of {node.name} is told again.
          {isOfMore && ` The silence is of more than this: findings ${silence.finding} of ${silence.node} are told again, too.`}
        </p>
      )}
    </Confirm>
  );
}
