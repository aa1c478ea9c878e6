/** The text of a pipeline, with its mistakes named by line, and ways to take it where it is kept. */
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { PreviewAnswer } from '../../api/search-shapes.ts';
import { CopyButton } from '../components/copy.tsx';
import { Icon } from '../components/icon.tsx';
import { Section } from '../components/section.tsx';

type Mistake = PreviewAnswer['errors'][number];

interface EditorParts {
  readonly area: { readonly current: HTMLTextAreaElement | null };
  readonly text: string;
  /** As it runs. */
  readonly running: string;
  readonly fileName: string;
  /** Where it is kept; empty: nowhere yet. */
  readonly file: string;
  readonly errors: readonly Mistake[];
  /** Undefined: it is only looked at. */
  readonly onEdit: ((text: string) => void) | undefined;
}

export function Editor(parts: EditorParts): JSX.Element {
  const { area, text, running, fileName, file, errors, onEdit } = parts;
  const numbers = useRef<HTMLPreElement>(null);
  const isEdited = text !== running;
  const lines = text.split('\n').length;
  const wrong = new Set(errors.map(({ line }) => line));
  return (
    <Section
      title={onEdit !== undefined && isEdited ? 'Edited, not saved' : 'As it runs'}
      aside={<TakeAlong area={area} text={text} fileName={fileName} />}
    >
      <div class={errors.length > 0 ? 'editor wrong-text' : 'editor'}>
        <pre ref={numbers} aria-hidden="true">
          {Array.from({ length: lines }, (_, index) => (
            <span key={index} class={wrong.has(index + 1) ? 'wrong-line' : ''}>
              {index + 1}
              {'\n'}
            </span>
          ))}
        </pre>
        <textarea
          ref={area}
          aria-label="Text of the pipeline"
          spellcheck={false}
          autocomplete="off"
          wrap="off"
          rows={Math.max(12, Math.min(32, lines + 1))}
          value={text}
          readOnly={onEdit === undefined}
          onInput={(event) => onEdit?.(event.currentTarget.value)}
          onScroll={(event) => {
            if (numbers.current !== null) numbers.current.scrollTop = event.currentTarget.scrollTop;
          }}
        />
      </div>
      {errors.length > 0 && (
        <div role="alert">
          <ul class="mistakes">
            {errors.map(({ message, line, column }) => (
              <li key={`${line ?? ''} ${column ?? ''} ${message}`}>
                <Icon name="warning" />
                {line !== undefined && (
                  <button type="button" class="link" onClick={() => jump(area.current, line, column ?? 1)}>
                    Line {line}
                    {column === undefined ? '' : `, column ${column}`}
                  </button>
                )}
                <span>{message}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
      {onEdit !== undefined && (
        <p class="hint">
          The page saves nothing: take the text to {file === '' ? <code>pipelines_dir/{fileName}</code> : <code>{file}</code>} on
          the hub’s machine, which takes it up when it reads its configuration again (SIGHUP).
        </p>
      )}
      {onEdit !== undefined && isEdited && running !== '' && (
        <div class="actions">
          <button type="button" onClick={() => onEdit(running)}>
            Back to what runs
          </button>
        </div>
      )}
    </Section>
  );
}

function TakeAlong({ area, text, fileName }: Pick<EditorParts, 'area' | 'text' | 'fileName'>): JSX.Element {
  return (
    <>
      <CopyButton text={text} label="the pipeline" shown={area} />
      <button type="button" onClick={() => download(text, fileName)}>
        Download
      </button>
    </>
  );
}

function download(text: string, fileName: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }));
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(link.href);
}

function jump(area: HTMLTextAreaElement | null, line: number, column: number): void {
  if (area === null) return;
  const before = area.value
    .split('\n')
    .slice(0, line - 1)
    .reduce((sum, text) => sum + text.length + 1, 0);
  area.focus();
  area.setSelectionRange(before + column - 1, before + column - 1);
}
