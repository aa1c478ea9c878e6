/** Where the reader is: the address holds all of it, so that a link, going back and a new tab show the same. */
import { createStore, type Store, useStore } from './data/store.ts';

export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

const place: Store<Place> = createStore<Place>(placeNow());

export function usePlace(): Place {
  return useStore(place);
}

/** `to` is a path of this page with its query. `replace`: going back does not lead here. */
export function go(to: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  const before = place.get();
  place.set(placeNow());
  if (before.path !== place.get().path) window.scrollTo(0, 0);
}

/** Changes some values of the query and leaves the others; an empty one goes. */
export function changeQuery(changes: Readonly<Record<string, string | undefined>>, options = { replace: true }): void {
  const { path, query } = place.get();
  const changed = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '') changed.delete(name);
    else changed.set(name, value);
  }
  const text = changed.toString();
  go(text === '' ? path : `${path}?${text}`, options);
}

/** The values of `:name` parts where `pattern` (such as `/agents/:id`) is the path; undefined where it is another one. */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split('/').filter((part) => part !== '');
  const given = path.split('/').filter((part) => part !== '');
  if (wanted.length !== given.length) return undefined;
  const found: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = decoded(given[index] ?? '');
    if (part.startsWith(':')) found[part.slice(1)] = value;
    else if (part !== value) return undefined;
  }
  return found;
}

/** Links between pages are ordinary ones; those of this page are followed without asking the hub for the document again. */
export function followLinks(): void {
  window.addEventListener('popstate', () => place.set(placeNow()));
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!(link instanceof HTMLAnchorElement) || link.target !== '' || link.hasAttribute('download')) return;
    if (
      link.origin !== location.origin ||
      link.pathname.startsWith('/api/') ||
      link.getAttribute('href')?.startsWith('#') === true
    )
      return;
    event.preventDefault();
    go(link.pathname + link.search + link.hash);
  });
}

function placeNow(): Place {
  // Tests of what needs no browser import this, too.
  if (typeof location === 'undefined') return { path: '/', query: new URLSearchParams() };
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
