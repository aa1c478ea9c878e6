/** Remembers what was made last, up to a number; what was not wanted for longest is forgotten first. */
export class LruCache<Key, Value extends object> {
  readonly #most: number;
  readonly #values = new Map<Key, Value>();

  constructor(most: number) {
    this.#most = most;
  }

  getOrMake(key: Key, make: () => Value): Value {
    const present = this.#values.get(key);
    const value = present ?? make();
    if (present !== undefined) this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > this.#most)
      for (const oldest of this.#values.keys()) {
        this.#values.delete(oldest);
        break;
      }
    return value;
  }
}
