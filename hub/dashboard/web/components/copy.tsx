/** A text to take along, such as a command: selected as a whole by a click, copied by the button. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Icon } from './icon.tsx';

export function CopyText({ text, label }: { readonly text: string; readonly label: string }): JSX.Element {
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    // Browsers have no clipboard for pages without TLS: the text can be selected then.
    await navigator.clipboard?.writeText(text);
    setCopied(true);
    window.setTimeout(() => setCopied(false), 2000);
  };
  return (
    <div class="copy">
      <code tabIndex={0} aria-label={label}>
        {text}
      </code>
      {'clipboard' in navigator && (
        <button type="button" onClick={() => void copy()} aria-label={`Copy: ${label}`}>
          <Icon name={isCopied ? 'check' : 'copy'} />
          <span aria-live="polite">{isCopied ? 'Copied' : 'Copy'}</span>
        </button>
      )}
    </div>
  );
}
