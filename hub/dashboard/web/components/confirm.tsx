/** A question before something is done that cannot be taken back, or that takes long. */
import type { ComponentChildren, JSX } from 'preact';
import { Dialog } from './dialog.tsx';
import { Form } from './form.tsx';

interface ConfirmParts {
  readonly title: string;
  /** Of the button that does it. */
  readonly action: string;
  readonly danger?: boolean;
  readonly children: ComponentChildren;
  /** Rejects with what is told to the reader. */
  readonly onConfirm: () => Promise<unknown>;
  readonly onClose: () => void;
}

export function Confirm({ title, action, danger = false, children, onConfirm, onClose }: ConfirmParts): JSX.Element {
  const confirm = async (): Promise<void> => {
    await onConfirm();
    onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <Form
        action={action}
        danger={danger}
        onSubmit={confirm}
        also={
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        }
      >
        {children}
      </Form>
    </Dialog>
  );
}
