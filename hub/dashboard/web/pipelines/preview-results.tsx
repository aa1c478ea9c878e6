/** What becomes of each line: by the pipeline as it runs, by the edit, and after each of its steps. */
import type { JSX } from 'preact';
import type { PreviewAnswer } from '../../api/search-shapes.ts';
import { RawText } from '../components/raw-text.tsx';
import { Empty, Problem, Section } from '../components/section.tsx';
import { some } from '../units.ts';
import { type FieldChange, fieldChanges } from './field-changes.ts';
import type { Preview } from './use-preview.ts';

type Result = PreviewAnswer['results'][number];

export function PreviewResults({ preview }: { readonly preview: Preview }): JSX.Element {
  const { answer, error, isRunning, again } = preview;
  const results = answer?.results ?? [];
  const changed = results.filter((result) => verdictOf(result).kind !== 'same').length;
  return (
    <Section
      title="What it does to lines"
      aside={
        <>
          <span class="hint" role="status">
            {isRunning
              ? 'Trying…'
              : results.length > 0 && `${some(results.length, 'line')}, ${changed} of them changed by the edit`}
          </span>
          <button type="button" onClick={again}>
            Newer lines
          </button>
        </>
      }
    >
      {error !== undefined && <Problem error={error} what="It could not be tried." />}
      {answer === undefined && error === undefined && <div class="loading" role="status" aria-label="Trying" />}
      {answer !== undefined && results.length === 0 && <NoResults hasErrors={answer.errors.length > 0} />}
      <ul class={isRunning ? 'results old' : 'results'}>
        {results.map((result, index) => (
          <li key={index}>
            <OneResult result={result} isOpen={index === 0} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function NoResults({ hasErrors }: { readonly hasErrors: boolean }): JSX.Element {
  return hasErrors ? (
    <Empty title="The text cannot be used as it is.">Its mistakes are named below it.</Empty>
  ) : (
    <Empty title="No line of this log type came lately.">Type one of your own to try the pipeline with.</Empty>
  );
}

function OneResult({ result, isOpen }: { readonly result: Result; readonly isOpen: boolean }): JSX.Element {
  const { kind, text } = verdictOf(result);
  const documents = Math.max(result.before.length, result.after.length);
  return (
    <details open={isOpen}>
      <summary>
        <span class={`verdict-word ${kind}`}>{text}</span>{' '}
        <code>
          <RawText text={result.line} />
        </code>
      </summary>
      {result.steps.length > 0 && <Steps steps={result.steps} />}
      {Array.from({ length: documents }, (_, index) => (
        <FieldTable
          key={index}
          title={documents > 1 ? `Document ${index + 1} of ${documents}` : 'Fields'}
          changes={fieldChanges(result.before[index], result.after[index])}
        />
      ))}
    </details>
  );
}

function Steps({ steps }: { readonly steps: Result['steps'] }): JSX.Element {
  return (
    <ol class="steps" aria-label="Steps of the edit">
      {steps.map(({ name, line, changed, error, dropped }, index) => (
        <li key={index} class={error === '' ? '' : 'failed'}>
          <b>{name}</b>
          {line !== undefined && <span class="hint"> line {line}</span>}
          {': '}
          {error !== '' && <span class="error-text">{error}</span>}
          {error === '' && (dropped ? 'dropped the record' : changed.length === 0 ? 'changed nothing' : changed.join(', '))}
        </li>
      ))}
    </ol>
  );
}

const marks: Readonly<Record<FieldChange['kind'], string>> = { same: '', added: '+', removed: '−', changed: '±' };
const spoken: Readonly<Record<FieldChange['kind'], string>> = {
  same: 'the same',
  added: 'added',
  removed: 'removed',
  changed: 'changed',
};

function FieldTable({ title, changes }: { readonly title: string; readonly changes: readonly FieldChange[] }): JSX.Element {
  return (
    <div class="diff-place" tabIndex={0} role="region" aria-label={title}>
      <table class="diff">
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {changes.map(({ name, kind, before, after }) => (
            <tr key={name} class={kind}>
              <th scope="row">
                <span aria-hidden="true">{marks[kind]}</span>
                <span class="heard">{spoken[kind]}: </span> {name}
              </th>
              <td>{before === undefined ? <span class="hint">–</span> : <RawText text={before} />}</td>
              <td>{after === undefined ? <span class="hint">–</span> : <RawText text={after} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface Verdict {
  readonly kind: 'same' | 'changed' | 'failed' | 'dropped';
  readonly text: string;
}

function verdictOf({ before, after, steps }: Result): Verdict {
  if (steps.some(({ error }) => error !== '')) return { kind: 'failed', text: 'a step failed' };
  if (after.length === 0) return { kind: 'dropped', text: 'dropped' };
  const documents = Math.max(before.length, after.length);
  const changed = Array.from({ length: documents }, (_, index) => fieldChanges(before[index], after[index]))
    .flat()
    .filter(({ kind }) => kind !== 'same').length;
  return changed === 0
    ? { kind: 'same', text: 'as before' }
    : { kind: 'changed', text: some(changed, 'field changes', 'fields change') };
}
