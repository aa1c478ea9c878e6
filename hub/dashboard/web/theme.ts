/** Dark or light: what the system prefers, unless the reader chose one. */
import { createKeptStore, type Store } from './data/store.ts';

export const theme: Store<'auto' | 'light' | 'dark'> = createKeptStore('theme', ['auto', 'light', 'dark']);

export function applyTheme(): void {
  const apply = (): void => {
    document.documentElement.dataset['theme'] = theme.get();
  };
  theme.subscribe(apply);
  apply();
}

export function nextTheme(): void {
  const following = { auto: 'light', light: 'dark', dark: 'auto' } as const;
  theme.set(following[theme.get()]);
}
