/** A value that several parts of the page share: whoever uses it is drawn again when it changes. */
import { useEffect, useState } from 'preact/hooks';

export interface Store<T> {
  get(): T;
  set(value: T): void;
  subscribe(changed: () => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
  let current = initial;
  const subscribers = new Set<() => void>();
  return {
    get: () => current,
    set: (value) => {
      if (Object.is(value, current)) return;
      current = value;
      for (const changed of subscribers) changed();
    },
    subscribe: (changed) => {
      subscribers.add(changed);
      return () => subscribers.delete(changed);
    },
  };
}

export function useStore<T>(store: Store<T>): T {
  const [, draw] = useState(0);
  const drawn = store.get();
  useEffect(() => {
    const changed = (): void => draw((count) => count + 1);
    // It may have changed between the drawing and now.
    if (!Object.is(store.get(), drawn)) changed();
    return store.subscribe(changed);
  }, [store]);
  return drawn;
}

/** As `createStore`, kept by this browser. What it kept and what is none of `values` is as good as nothing. */
export function createKeptStore<T extends string>(key: string, values: readonly [T, ...T[]]): Store<T> {
  const name = `tributary-${key}`;
  const kept = readKept(name);
  const store = createStore<T>(values.find((value) => value === kept) ?? values[0]);
  store.subscribe(() => {
    try {
      localStorage.setItem(name, store.get());
    } catch {
      // A browser that keeps nothing shows the same until it is closed.
    }
  });
  return store;
}

function readKept(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
