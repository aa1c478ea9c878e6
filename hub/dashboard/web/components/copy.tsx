/** A text to take along, such as a command: selected as a whole by a click, copied by the button. */
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { copyText } from '../clipboard.ts';
import { Icon } from './icon.tsx';
import { RawText } from './raw-text.tsx';

export function CopyText({ text, label }: { readonly text: string; readonly label: string }): JSX.Element {
  const shown = useRef<HTMLElement>(null);
  return (
    <div class="copy">
      <code tabIndex={0} aria-label={label} ref={shown}>
        <RawText text={text} />
      </code>
      <CopyButton text={text} label={label} shown={shown} />
    </div>
  );
}

interface ButtonParts {
  readonly text: string;
  readonly label: string;
  /** Where the text stands: selected where the browser does not let us copy. */
  readonly shown: { readonly current: HTMLElement | null };
}

const words = { idle: 'Copy', copied: 'Copied', selected: 'Selected: Ctrl+C' } as const;
const toldMs = 2000;

export function CopyButton({ text, label, shown }: ButtonParts): JSX.Element {
  const [state, setState] = useState<keyof typeof words>('idle');
  const copy = async (): Promise<void> => {
    setState((await copyText(text, shown.current)) ? 'copied' : 'selected');
    window.setTimeout(() => setState('idle'), toldMs);
  };
  return (
    <button type="button" onClick={() => void copy()} aria-label={`Copy: ${label}`}>
      <Icon name={state === 'copied' ? 'check' : 'copy'} />
      <span aria-live="polite">{words[state]}</span>
    </button>
  );
}
