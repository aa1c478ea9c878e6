/** Keys that do something anywhere on the page. They are listed by `?`; a page adds its own with `useShortcuts`. */
import { useEffect } from 'preact/hooks';

export interface Shortcut {
  /** One key, or two one after the other such as `g a`. */
  readonly keys: string;
  readonly what: string;
  readonly run: () => void;
}

const active: Shortcut[][] = [];
const sequenceMs = 1200;

export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  useEffect(() => {
    const own = [...shortcuts];
    active.push(own);
    return () => {
      active.splice(active.indexOf(own), 1);
    };
  });
}

export function listShortcuts(): Shortcut[] {
  return active.flat();
}

export function listenForKeys(): void {
  let first = '';
  let firstMs = 0;
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
    const sequence = performance.now() - firstMs < sequenceMs ? `${first} ${event.key}` : event.key;
    const found = find(sequence) ?? find(event.key);
    first = found === undefined ? event.key : '';
    firstMs = performance.now();
    if (found === undefined) return;
    event.preventDefault();
    found.run();
  });
}

function find(keys: string): Shortcut | undefined {
  // What came last is nearest to the reader.
  return listShortcuts().findLast((shortcut) => shortcut.keys === keys);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName) || target.closest('dialog') !== null
  );
}
