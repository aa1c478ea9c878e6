import type { Id } from '@tributary/protocol/messages.ts';

/** Streams by something that most of them have alone, such as their file's inode: then an entry costs no set. */
export class IdIndex {
  readonly #ids = new Map<string, Id | Set<Id>>();

  /** An empty key is none. */
  add(key: string, id: Id): void {
    if (key === '') return;
    const found = this.#ids.get(key);
    if (found === undefined) this.#ids.set(key, id);
    else if (typeof found !== 'string') found.add(id);
    else if (found !== id) this.#ids.set(key, new Set([found, id]));
  }

  remove(key: string, id: Id): void {
    const found = this.#ids.get(key);
    if (found === id) this.#ids.delete(key);
    else if (found instanceof Set && found.delete(id) && found.size === 0) this.#ids.delete(key);
  }

  /** In the order in which they were added. */
  get(key: string): readonly Id[] {
    const found = this.#ids.get(key);
    if (found === undefined) return [];
    return typeof found === 'string' ? [found] : [...found];
  }

  clear(): void {
    this.#ids.clear();
  }
}
