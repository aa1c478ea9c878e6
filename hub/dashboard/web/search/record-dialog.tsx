/** One line as a whole: what is known of it, its fields, its text, and what stands around it in its file. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ContextAnswer, FoundRecord } from '../../api/search-shapes.ts';
import { CopyText } from '../components/copy.tsx';
import { Dialog } from '../components/dialog.tsx';
import { RawText } from '../components/raw-text.tsx';
import { Empty, type Fact, Facts, Problem } from '../components/section.tsx';
import { At } from '../components/time.tsx';
import { Labels } from '../agents/labels.tsx';
import { ApiError, get } from '../data/api.ts';
import { messageOf, sessionState } from '../data/session.ts';
import { useStore } from '../data/store.ts';
import { changeQuery } from '../router.ts';
import { fieldCondition, patternChange, placeText, type RecordPlace } from './asked.ts';
import { fieldsInLine, flatFields, valueText } from './flat-fields.ts';

interface DialogParts {
  readonly place: RecordPlace;
  readonly store: string;
  /** Where the list has it already. */
  readonly known: FoundRecord | undefined;
}

const aroundFirst = 10;
const aroundMax = 200;
/** Of a line that is around: the whole of it is shown where it is opened itself. */
const aroundLength = 600;

export function RecordDialog({ place, store, known }: DialogParts): JSX.Element {
  const [around, setAround] = useState({ before: aroundFirst, after: aroundFirst });
  const { answer, error } = useContextOf(place, store, around);
  const record = known ?? answer?.record;
  return (
    <Dialog title={record === undefined ? 'A line' : `${record.host} · ${record.source}`} wide onClose={close}>
      {record !== undefined && <Whole record={record} />}
      {record === undefined && answer === undefined && error === undefined && (
        <div class="loading" role="status" aria-label="The line: loading" />
      )}
      {record === undefined && answer !== undefined && (
        <Empty title="This line is not there any more.">
          It may be older than what is kept, or belong to a tenant that is not yours.
        </Empty>
      )}
      {error !== undefined && <Problem error={error} what="What is around it cannot be shown." />}
      {answer !== undefined && record !== undefined && (
        <Around answer={answer} record={record} around={around} onMore={setAround} />
      )}
    </Dialog>
  );
}

function Whole({ record }: { readonly record: FoundRecord }): JSX.Element {
  const facts: Fact[] = [
    ['Received', <At key="received" ms={record.receivedMs} />],
    ['Its own time', record.eventMs === undefined ? undefined : <At ms={record.eventMs} />],
    ['Tenant', record.tenant],
    ['Log type', record.type],
    [
      'Host',
      <a key="host" href={`/agents/${record.at.agent}`}>
        {record.host}
      </a>,
    ],
    ['Source', record.source],
    ['Place in it', String(record.at.position)],
    ['Labels', Object.keys(record.labels).length === 0 ? undefined : <Labels labels={record.labels} />],
  ];
  const fields = flatFields(record.fields ?? fieldsInLine(record.line) ?? {});
  const canFind = record.fields !== undefined;
  return (
    <>
      <Facts facts={facts} />
      <h3>Line</h3>
      <div class="raw-line">
        <CopyText text={record.line} label="The line" />
      </div>
      {record.cut && <p class="hint">It is longer than what is shown here; an export has all of it.</p>}
      {fields.length > 0 && (
        <>
          <h3>Fields</h3>
          <table class="fields">
            <caption class="heard">Fields of the line</caption>
            <tbody>
              {fields.map(([name, value]) => (
                <FieldRow key={name} name={name} value={value} canFind={canFind} />
              ))}
            </tbody>
          </table>
        </>
      )}
    </>
  );
}

interface FieldParts {
  readonly name: string;
  readonly value: unknown;
  /** Only what a pipeline found is searched for by its field. */
  readonly canFind: boolean;
}

function FieldRow({ name, value, canFind }: FieldParts): JSX.Element {
  const condition = canFind ? fieldCondition(name, value) : undefined;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <RawText text={valueText(value)} />
      </td>
      <td>
        {condition !== undefined && (
          <button
            type="button"
            class="link"
            aria-label={`Find ${condition}`}
            onClick={() => changeQuery({ ...patternChange('query', condition, false), at: '' }, { replace: false })}
          >
            Find
          </button>
        )}
      </td>
    </tr>
  );
}

interface AroundParts {
  readonly answer: ContextAnswer;
  readonly record: FoundRecord;
  readonly around: { readonly before: number; readonly after: number };
  readonly onMore: (around: { readonly before: number; readonly after: number }) => void;
}

function Around({ answer, record, around, onMore }: AroundParts): JSX.Element {
  const canMore = (side: 'before' | 'after'): boolean => answer[side].length >= around[side] && around[side] < aroundMax;
  const more = (side: 'before' | 'after'): void => onMore({ ...around, [side]: Math.min(aroundMax, around[side] * 4) });
  return (
    <>
      <h3>Around it in {record.source}</h3>
      {canMore('before') ? (
        <button type="button" class="link" onClick={() => more('before')}>
          More before
        </button>
      ) : (
        <p class="hint">{answer.before.length === 0 ? 'Nothing is before it.' : 'This is where it begins.'}</p>
      )}
      <ol class="context" aria-label="What is around the line">
        {[...answer.before, record, ...answer.after].map((line) => (
          <li key={placeText(line)} {...(line === record ? { 'aria-current': 'true' as const } : {})}>
            <span class="when">
              <At ms={line.receivedMs} />
            </span>
            <span class="text">
              <RawText text={line.line.slice(0, aroundLength)} />
              {line.line.length > aroundLength && <span class="hint"> … it is longer</span>}
            </span>
          </li>
        ))}
      </ol>
      {canMore('after') ? (
        <button type="button" class="link" onClick={() => more('after')}>
          More after
        </button>
      ) : (
        <p class="hint">{answer.after.length === 0 ? 'Nothing is after it yet.' : 'There is no more yet.'}</p>
      )}
    </>
  );
}

interface ContextOf {
  readonly answer?: ContextAnswer;
  readonly error?: ApiError;
}

function useContextOf(
  { receivedMs, ...place }: RecordPlace,
  store: string,
  around: { readonly before: number; readonly after: number },
): ContextOf {
  const [found, setFound] = useState<ContextOf>({});
  const isOver = useStore(sessionState).kind === 'over';
  const key = JSON.stringify([place, receivedMs, store, around]);
  useEffect(() => {
    if (isOver) return undefined;
    const over = new AbortController();
    get<ContextAnswer>('/api/v1/search/context', {
      query: { ...place, received: receivedMs, ...around, store },
      signal: over.signal,
    }).then(
      (answer) => setFound({ answer }),
      (error: unknown) => {
        if (over.signal.aborted) return;
        setFound({ error: error instanceof ApiError ? error : new ApiError(0, 'unknown', messageOf(error)) });
      },
    );
    return () => over.abort();
  }, [key, isOver]);
  return found;
}

function close(): void {
  changeQuery({ at: '' }, { replace: false });
}
