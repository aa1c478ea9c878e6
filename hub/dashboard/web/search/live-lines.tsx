/** Lines as they come. Times and the store are of what is kept and hold for none of them. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Icon } from '../components/icon.tsx';
import { Empty, Problem, Section } from '../components/section.tsx';
import { At } from '../components/time.tsx';
import { withQuery } from '../data/api.ts';
import { usePlace } from '../router.ts';
import { useShortcuts } from '../shortcuts.ts';
import { exact, some } from '../units.ts';
import { type Asked, tailQuery } from './asked.ts';
import { Lines } from './lines.tsx';
import type { MarkLine } from './use-marks.ts';
import { type Tail, useTail } from './use-tail.ts';

interface LiveParts {
  readonly asked: Asked;
  readonly marksOf: MarkLine;
  readonly isWrapped: boolean;
}

export function LiveLines({ asked, marksOf, isWrapped }: LiveParts): JSX.Element {
  const [isPaused, setPaused] = useState(false);
  const tail = useTail(withQuery('/api/v1/tail', tailQuery(asked)), isPaused);
  const toggle = (): void => setPaused(!isPaused);
  useShortcuts([{ keys: 'p', what: 'Pause the live tail, or let it go on', run: toggle }]);
  return (
    <Section
      title="As they come"
      flush
      aside={
        <>
          <span class="hint" role="status">
            {statusText(tail, isPaused)}
          </span>
          <button type="button" aria-pressed={isPaused} onClick={toggle} title={isPaused ? 'Go on (p)' : 'Pause (p)'}>
            {isPaused ? `Go on${tail.waiting > 0 ? `: ${exact(tail.waiting)} new` : ''}` : 'Pause'}
          </button>
        </>
      }
    >
      {tail.error !== undefined && <Problem error={tail.error} what="The live tail stands." />}
      {tail.gap !== undefined && <Gap {...tail.gap} />}
      {tail.records.length > 0 && (
        <Lines label="Lines as they come" records={tail.records} marksOf={marksOf} isWrapped={isWrapped} />
      )}
      {tail.records.length === 0 && tail.error === undefined && (
        <Empty title={tail.isConnected ? 'Nothing came yet that fits.' : 'Connecting…'}>
          Lines show up here as the hub receives them, the newest first.
        </Empty>
      )}
    </Section>
  );
}

/** A tail begins with what comes: what came while it was cut off is found by a search. */
function Gap({ fromMs, toMs }: NonNullable<Tail['gap']>): JSX.Element {
  const { path, query } = usePlace();
  const there = new URLSearchParams(query);
  there.delete('live');
  there.set('from', String(Math.floor(fromMs)));
  there.set('to', String(Math.ceil(toMs)));
  return (
    <div class="problem stale" role="status">
      <Icon name="warning" />
      <span>
        It was not connected from <At ms={fromMs} /> to <At ms={toMs} />: what came then may be missing here.{' '}
        <a href={`${path}?${there.toString()}`}>Search that time</a>.
      </span>
    </div>
  );
}

function statusText({ isConnected, skipped, records }: Tail, isPaused: boolean): string {
  const state = !isConnected ? 'not connected' : isPaused ? 'paused' : 'live';
  const missed = skipped === 0 ? '' : ` · ${some(skipped, 'line')} left out: they came faster than can be shown`;
  return `${state} · ${some(records.length, 'line')}${missed}`;
}
