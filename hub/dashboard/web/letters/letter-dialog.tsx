/** The letters of one kind with their content. That somebody looked is in the audit trail. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { CopyText } from '../components/copy.tsx';
import { Dialog } from '../components/dialog.tsx';
import { Empty, Facts, Problem } from '../components/section.tsx';
import { At } from '../components/time.tsx';
import { call } from '../data/api.ts';
import { mayDo, messageOf, useSession } from '../data/session.ts';
import { some } from '../units.ts';
import { type Letter, type LetterFilter, type LetterGroup, prettyDocument } from './letters.ts';

interface DialogParts {
  readonly group: LetterGroup;
  readonly filter: LetterFilter;
  readonly refresh: () => void;
  readonly onClose: () => void;
}

const shownMax = 50;

export function LetterDialog({ group, filter, refresh, onClose }: DialogParts): JSX.Element {
  const [letters, setLetters] = useState<readonly Letter[]>();
  const [problem, setProblem] = useState<string>();
  const [index, setIndex] = useState(0);
  const key = JSON.stringify(filter);
  useEffect(() => {
    const over = new AbortController();
    call<{ readonly letters: readonly Letter[] }>('POST', '/api/v1/dead-letters/show', {
      body: { ...filter, limit: shownMax },
      signal: over.signal,
    }).then(
      (answer) => setLetters(answer.letters),
      (error: unknown) => {
        if (!over.signal.aborted) setProblem(messageOf(error));
      },
    );
    return () => over.abort();
  }, [key]);
  const letter = letters?.[index];
  return (
    <Dialog title={`${group.channel}: ${group.error}`} wide onClose={onClose}>
      {problem !== undefined && <Problem error={{ message: problem }} what="They cannot be shown." />}
      {letters === undefined && problem === undefined && <div class="loading" role="status" aria-label="Dead letters: loading" />}
      {letters?.length === 0 && <Empty title="They are gone meanwhile." />}
      {letters !== undefined && letter !== undefined && (
        <>
          <nav class="pager" aria-label="Dead letters">
            <button type="button" disabled={index === 0} onClick={() => setIndex(index - 1)}>
              Before
            </button>
            <span>
              {index + 1} of {some(group.count, 'document')}
              {group.count > letters.length && index === letters.length - 1 ? ': the rest by tributary-hub dlq show' : ''}
            </span>
            <button type="button" disabled={index >= letters.length - 1} onClick={() => setIndex(index + 1)}>
              Next
            </button>
          </nav>
          <OneLetter letter={letter} refresh={refresh} onClose={onClose} />
        </>
      )}
    </Dialog>
  );
}

function OneLetter({
  letter,
  refresh,
  onClose,
}: { readonly letter: Letter } & Pick<DialogParts, 'refresh' | 'onClose'>): JSX.Element {
  const session = useSession();
  const [problem, setProblem] = useState<string>();
  const [tenant = '', type = ''] = letter.channel.split('/');
  const mayOperate = mayDo(session, 'operate', tenant);
  const replay = async (): Promise<void> => {
    try {
      await call('POST', '/api/v1/dead-letters/replay', { body: { tenant, type, output: letter.output, id: letter.id } });
      refresh();
      onClose();
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <>
      <div class="problem">
        <span>
          <strong>
            {letter.type} {letter.status}
          </strong>{' '}
          {letter.reason}
        </span>
      </div>
      <Facts
        facts={[
          ['Refused', <At key="at" ms={letter.atMs} />],
          ['Tries', String(letter.tries)],
          ['Output', letter.output],
          ['Index', letter.index],
          ['Id', letter.id],
        ]}
      />
      <h3>Document</h3>
      <div class="document">
        <CopyText text={prettyDocument(letter.document)} label="The document" />
      </div>
      {problem !== undefined && <Problem error={{ message: problem }} />}
      <div class="actions">
        <button
          type="button"
          disabled={!mayOperate}
          title={mayOperate ? undefined : 'That takes the role operator.'}
          onClick={() => void replay()}
        >
          Send only this one again
        </button>
      </div>
    </>
  );
}
