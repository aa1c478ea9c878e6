/** A window over the page. The browser keeps the focus within it, closes it by Escape and gives the focus back. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Icon } from './icon.tsx';

interface DialogParts {
  readonly title: string;
  /** Absent: it cannot be closed but by what is in it. */
  readonly onClose?: () => void;
  readonly children: ComponentChildren;
  readonly wide?: boolean;
}

export function Dialog({ title, onClose, children, wide = false }: DialogParts): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const { current } = dialog;
    current?.showModal();
    return () => current?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={wide ? 'wide' : ''}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      onClose={() => {
        // Escape twice closes it whatever we say; what cannot be closed opens again.
        if (onClose === undefined && dialog.current?.isConnected === true) dialog.current.showModal();
      }}
      onClick={(event) => {
        // Outside of what is in it there is only the dialog itself.
        if (event.target === dialog.current) onClose?.();
      }}
    >
      <div class="dialog">
        <header>
          <h2 id={titleId}>{title}</h2>
          {onClose !== undefined && (
            <button type="button" class="quiet" aria-label="Close" onClick={onClose}>
              <Icon name="close" />
            </button>
          )}
        </header>
        {children}
      </div>
    </dialog>
  );
}
