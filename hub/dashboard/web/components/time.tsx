/** A time as text: the whole of it in both zones is in its tooltip. */
import type { JSX } from 'preact';
import { bothZones, tick, timeText, zone } from '../clock.ts';
import { hubNow } from '../data/api.ts';
import { useStore } from '../data/store.ts';
import { duration } from '../units.ts';

/** `3 min ago`. */
export function Ago({ ms }: { readonly ms: number }): JSX.Element {
  useStore(tick);
  const agoMs = hubNow() - ms;
  return stamp(ms, agoMs < 1500 && agoMs > -3000 ? 'now' : agoMs < 0 ? `in ${duration(-agoMs)}` : `${duration(agoMs)} ago`);
}

/** `for 3 min`: how long something is as it is. */
export function Since({ ms }: { readonly ms: number }): JSX.Element {
  useStore(tick);
  return stamp(ms, `for ${duration(hubNow() - ms)}`);
}

/** `10:31:19`, with the date when it is another day. */
export function At({ ms }: { readonly ms: number }): JSX.Element {
  const chosen = useStore(zone);
  const text = timeText(ms, { zone: chosen, nowMs: hubNow() });
  return stamp(ms, chosen === 'utc' ? `${text} UTC` : text);
}

function stamp(ms: number, text: string): JSX.Element {
  return (
    <time dateTime={new Date(ms).toISOString()} title={bothZones(ms)}>
      {text}
    </time>
  );
}
