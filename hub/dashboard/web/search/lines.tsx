/**
 * Lines of logs as a list, the newest first. The time of a line is a link that opens it; so does a click on the line, unless somebody is taking
 * text out of it. What is not seen is not drawn (style.css), so that thousands scroll.
 */
import type { JSX } from 'preact';
import type { FoundRecord } from '../../api/search-shapes.ts';
import { RawText } from '../components/raw-text.tsx';
import { bothZones, timeText, zone } from '../clock.ts';
import { hubNow } from '../data/api.ts';
import { useStore } from '../data/store.ts';
import { changeQuery, usePlace } from '../router.ts';
import { placeText } from './asked.ts';
import { piecesOf } from './marks.ts';
import type { MarkLine } from './use-marks.ts';

interface LinesParts {
  readonly label: string;
  readonly records: readonly FoundRecord[];
  readonly marksOf: MarkLine;
  readonly isWrapped: boolean;
  readonly isOld?: boolean;
}

const shownLength = 4000;

export function Lines({ label, records, marksOf, isWrapped, isOld = false }: LinesParts): JSX.Element {
  const { path, query } = usePlace();
  const chosenZone = useStore(zone);
  const hasTenants = new Set(records.map(({ tenant }) => tenant)).size > 1;
  const linkTo = (place: string): string => {
    const changed = new URLSearchParams(query);
    changed.set('at', place);
    return `${path}?${changed.toString()}`;
  };
  return (
    <ol class={['lines', isWrapped ? 'wrapped' : '', isOld ? 'old' : ''].join(' ').trim()} aria-label={label}>
      {records.map((record) => {
        const place = placeText(record);
        return (
          <li
            key={place}
            onClick={(event) => {
              const isOwn = event.target instanceof Element && event.target.closest('a') !== null;
              if (!isOwn && getSelection()?.isCollapsed !== false) changeQuery({ at: place }, { replace: false });
            }}
          >
            <a href={linkTo(place)} class="when" title={bothZones(record.receivedMs)}>
              {stampText(record.receivedMs, chosenZone)}
            </a>
            <span class="where" title={`${record.host} ${record.source}\n${record.tenant}/${record.type}`}>
              <b>{record.host}</b> {hasTenants ? `${record.tenant}/${record.type}` : record.type}
            </span>
            <LineText line={record.line} isCut={record.cut} marksOf={marksOf} />
          </li>
        );
      })}
    </ol>
  );
}

interface TextParts {
  readonly line: string;
  readonly isCut: boolean;
  readonly marksOf: MarkLine;
}

function LineText({ line, isCut, marksOf }: TextParts): JSX.Element {
  const isLonger = line.length > shownLength;
  const pieces = piecesOf(isLonger ? line.slice(0, shownLength) : line, marksOf(line));
  return (
    <span class="text">
      {pieces.map(({ text, isMarked }, index) =>
        isMarked ? (
          <mark key={index}>
            <RawText text={text} />
          </mark>
        ) : (
          <RawText key={index} text={text} />
        ),
      )}
      {(isLonger || isCut) && <span class="hint"> … it is longer</span>}
    </span>
  );
}

function stampText(ms: number, wanted: 'local' | 'utc'): string {
  return `${timeText(ms, { zone: wanted, nowMs: hubNow() })}.${String(Math.floor(ms) % 1000).padStart(3, '0')}`;
}
