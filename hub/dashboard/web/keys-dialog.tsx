import type { JSX } from 'preact';
import { Dialog } from './components/dialog.tsx';
import { listShortcuts } from './shortcuts.ts';

export function KeysDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="keys">
        {listShortcuts().map(({ keys, what }) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>Esc</kbd>
          </dt>
          <dd>Closes a window like this one</dd>
        </div>
      </dl>
    </Dialog>
  );
}
