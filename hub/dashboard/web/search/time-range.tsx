/** From when until when: a quick range that ends now, or two times in the zone that the reader chose. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { bothZones, timeText, zone } from '../clock.ts';
import { Dialog } from '../components/dialog.tsx';
import { Field, Form, Switch } from '../components/form.tsx';
import { hubNow } from '../data/api.ts';
import { useStore } from '../data/store.ts';
import { changeQuery } from '../router.ts';
import { type Asked, quickRanges } from './asked.ts';

const own = 'own';

export function TimeRange({ asked }: { readonly asked: Pick<Asked, 'from' | 'to'> }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const isQuick = asked.to === '' && quickRanges.some(([from]) => from === asked.from);
  return (
    <div class="time-range">
      <Switch
        label="From when on"
        value={isQuick ? asked.from : own}
        choices={[...quickRanges, [own, 'Other…']]}
        onChange={(from) => {
          if (from === own) setOpen(true);
          else changeQuery({ from, to: '', at: '' }, { replace: false });
        }}
      />
      {!isQuick && <Absolute asked={asked} />}
      {isOpen && <RangeDialog asked={asked} onClose={() => setOpen(false)} />}
    </div>
  );
}

function Absolute({ asked }: { readonly asked: Pick<Asked, 'from' | 'to'> }): JSX.Element {
  const chosen = useStore(zone);
  const text = (value: string, none: string): JSX.Element => {
    const ms = momentOf(value);
    if (value === '') return <>{none}</>;
    if (ms === undefined) return <>{value}</>;
    return (
      <time dateTime={new Date(ms).toISOString()} title={bothZones(ms)}>
        {timeText(ms, { zone: chosen, nowMs: hubNow() })}
      </time>
    );
  };
  return (
    <span class="hint">
      {text(asked.from, 'the beginning')} – {text(asked.to, 'now')}
      {chosen === 'utc' ? ' UTC' : ''}
    </span>
  );
}

function RangeDialog({
  asked,
  onClose,
}: {
  readonly asked: Pick<Asked, 'from' | 'to'>;
  readonly onClose: () => void;
}): JSX.Element {
  const chosen = useStore(zone);
  const nowMs = hubNow();
  const [from, setFrom] = useState(inputText(momentOf(asked.from) ?? nowMs - 3_600_000, chosen));
  const [to, setTo] = useState(asked.to === '' ? '' : inputText(momentOf(asked.to) ?? nowMs, chosen));
  const submit = async (): Promise<void> => {
    const [fromMs, toMs] = [inputMs(from, chosen), to === '' ? undefined : inputMs(to, chosen)];
    if (fromMs === undefined) throw new Error('Say from when on.');
    if (toMs !== undefined && toMs <= fromMs) throw new Error('The end is not behind the beginning.');
    changeQuery({ from: String(fromMs), to: toMs === undefined ? '' : String(toMs), at: '' }, { replace: false });
    onClose();
  };
  const zoneName = chosen === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Dialog title="From when until when" onClose={onClose}>
      <Form action="Search there" onSubmit={submit}>
        <Field label="From" type="datetime-local" value={from} onInput={setFrom} required />
        <Field label="To" type="datetime-local" value={to} onInput={setTo} hint="Left empty: until now." />
        <p class="hint">Times are in {zoneName}; the switch at the top of the page, or the key u, changes that.</p>
      </Form>
    </Dialog>
  );
}

/** Undefined of what the hub resolves, such as `now-3h`. */
function momentOf(value: string): number | undefined {
  if (/^\d{11,15}$/.test(value)) return Number(value);
  const ms = /^\d{4}-/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function inputText(ms: number, wanted: 'local' | 'utc'): string {
  return timeText(ms, { zone: wanted }).replace(' ', 'T');
}

function inputMs(text: string, wanted: 'local' | 'utc'): number | undefined {
  const ms = new Date(wanted === 'utc' ? `${text}Z` : text).getTime();
  return Number.isNaN(ms) ? undefined : ms;
}
