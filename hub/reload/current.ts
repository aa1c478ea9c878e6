/** A value as it is now, for who is made before it and goes on when it changes. */
export class Current<Value> {
  readonly #first = Promise.withResolvers<void>();
  readonly #listeners = new Set<() => void>();
  #value: Value | undefined;

  use(value: Value): void {
    this.#value = value;
    this.#first.resolve();
    for (const listener of this.#listeners) listener();
  }

  /** Once there is one. */
  async value(): Promise<Value | undefined> {
    await this.#first.promise;
    return this.#value;
  }

  /** Returns its own removal. */
  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
