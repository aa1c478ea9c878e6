/**
 * One after the other for each connection. A sender may send its next request before the last one is answered; both are read at once then,
 * and the later may be read first.
 */
export interface Turn extends Disposable {
  /** Resolves once all who came before on this connection are done. */
  readonly come: Promise<void>;
}

export class Turns {
  readonly #last = new WeakMap<object, Promise<void>>();

  /** To be called in the order in which they came. Whoever is disposed of before its turn lets nobody pass those before it. */
  take(connection: object): Turn {
    const come = this.#last.get(connection) ?? Promise.resolve();
    const done = Promise.withResolvers<void>();
    this.#last.set(connection, done.promise);
    return { come, [Symbol.dispose]: () => done.resolve(come) };
  }
}
