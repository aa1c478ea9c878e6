/** What a search found so far, how far it is, and what to do where it found nothing. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Empty, Section } from '../components/section.tsx';
import { Icon } from '../components/icon.tsx';
import { At } from '../components/time.tsx';
import { changeQuery } from '../router.ts';
import { bytes, exact, some } from '../units.ts';
import { type Asked, facetNames, quickRanges } from './asked.ts';
import { Lines } from './lines.tsx';
import type { MarkLine } from './use-marks.ts';
import { type Results, shownMax } from './use-results.ts';

interface FoundParts {
  readonly asked: Asked;
  readonly results: Results;
  readonly marksOf: MarkLine;
  readonly isWrapped: boolean;
}

export function FoundLines({ asked, results, marksOf, isWrapped }: FoundParts): JSX.Element {
  const { records, isRunning, end, error } = results;
  const isNothing = records.length === 0 && !isRunning && error === undefined;
  return (
    <Section title="Lines" flush aside={<Told results={results} />}>
      {end !== undefined && end.problems.length > 0 && <Missing problems={end.problems} />}
      {records.length > 0 && <Lines label="Lines that fit" records={records} marksOf={marksOf} isWrapped={isWrapped} />}
      {records.length === 0 && isRunning && <div class="loading" role="status" aria-label="Searching" />}
      {isNothing && <NothingFits asked={asked} />}
      {results.more !== undefined && <More more={results.more} />}
      {records.length >= shownMax && (
        <p class="hint foot">More than {exact(shownMax)} lines: narrow the search down, or export it.</p>
      )}
    </Section>
  );
}

function Told({ results }: { readonly results: Results }): JSX.Element {
  const { records, isRunning, progress, end } = results;
  const found = some(records.length, 'line');
  if (!isRunning) {
    const { summary, next, store } = end ?? {};
    return (
      <span class="hint" role="status">
        {next === undefined ? found : `The newest ${found}`}
        {summary !== undefined && ` · ${bytes(summary.rawBytes)} looked through in ${seconds(summary.seconds)}`}
        {store !== undefined && ` · ${store}`}
      </span>
    );
  }
  return (
    <>
      <span class="hint" role="status">
        {found}
        {progress !== undefined && ` · ${exact(progress.objectsRead)} of ${exact(progress.objects)} objects`}
        {progress?.backToMs !== undefined && (
          <>
            {' '}
            · back to <At ms={progress.backToMs} />
          </>
        )}
        {' · searching…'}
      </span>
      <button type="button" class="quiet" onClick={results.stop}>
        Stop
      </button>
    </>
  );
}

/** Asked for by itself when the reader is near the end. */
function More({ more }: { readonly more: () => void }): JSX.Element {
  const button = useRef<HTMLButtonElement>(null);
  const latest = useRef(more);
  latest.current = more;
  useEffect(() => {
    const { current } = button;
    if (current === null) return undefined;
    const near = new IntersectionObserver(([entry]) => entry?.isIntersecting === true && latest.current(), {
      rootMargin: '600px',
    });
    near.observe(current);
    return () => near.disconnect();
  }, []);
  return (
    <p class="foot">
      <button type="button" ref={button} onClick={more}>
        More
      </button>
    </p>
  );
}

function Missing({ problems }: { readonly problems: readonly string[] }): JSX.Element {
  return (
    <div class="problem stale" role="alert">
      <Icon name="warning" />
      <div>
        <strong>Something is missing here.</strong>
        {problems.slice(0, 5).map((problem) => (
          <p key={problem}>{problem}</p>
        ))}
      </div>
    </div>
  );
}

function NothingFits({ asked }: { readonly asked: Asked }): JSX.Element {
  const index = quickRanges.findIndex(([from]) => from === asked.from);
  const wider = asked.to === '' ? quickRanges[index + 1] : quickRanges[3];
  const isNarrowed = facetNames.some((name) => asked.facets[name].length > 0);
  return (
    <Empty title={asked.pattern === '' && !isNarrowed ? 'No line came in this time.' : 'No line fits.'}>
      <span class="ways">
        {wider !== undefined && (
          <button type="button" onClick={() => change({ from: wider[0], to: '' })}>
            Look in the last {wider[1]}
          </button>
        )}
        {isNarrowed && (
          <button type="button" onClick={() => change({ tenant: '', type: '', host: '' })}>
            All log types, hosts and tenants
          </button>
        )}
        {asked.pattern !== '' && asked.mode === 'text' && !asked.ignoreCase && (
          <button type="button" onClick={() => change({ ignore_case: 'true' })}>
            Ignore case
          </button>
        )}
        {asked.mode === 'query' && <span>Lines have the fields that the pipeline of their log type finds in them.</span>}
        {asked.pattern === '' && (
          <span>
            Does anything arrive? <a href="/agents">Look at the agents</a>.
          </span>
        )}
      </span>
    </Empty>
  );
}

function change(changes: Readonly<Record<string, string>>): void {
  changeQuery(changes, { replace: false });
}

function seconds(value: number): string {
  return `${value < 10 ? value.toFixed(2) : Math.round(value)} s`;
}
