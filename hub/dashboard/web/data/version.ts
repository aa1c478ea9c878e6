/**
 * Whether the hub has another page now than the one that is shown: looked at when it was away, as that is when it is replaced. The names of the
 * page's files hold the hash of what is in them.
 */
import { awaySince } from './api.ts';
import { createStore, type Store } from './store.ts';

export const isOutdated: Store<boolean> = createStore(false);

export function watchVersion(): void {
  let wasAway = false;
  awaySince.subscribe(() => {
    const isAway = awaySince.get() !== undefined;
    if (wasAway && !isAway) void look();
    wasAway = isAway;
  });
}

async function look(): Promise<void> {
  const own = document.querySelector('script[type="module"]')?.getAttribute('src') ?? '';
  try {
    const answer = await fetch('/', { headers: { accept: 'text/html' }, cache: 'no-store' });
    if (answer.ok && own !== '' && !(await answer.text()).includes(own)) isOutdated.set(true);
  } catch {
    // It is away again.
  }
}
