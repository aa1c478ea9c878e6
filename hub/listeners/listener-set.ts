/**
 * Listeners of one kind, as the configuration has them, and as it has them later: one that did not change is not touched, so none of its
 * connections is cut. One that changed at the same address stops listening first and ends its connections beside its successor.
 */
import { isDeepStrictEqual } from 'node:util';

export interface ListenerSetParts<Options, Listener> {
  readonly start: (options: Options) => Promise<Listener>;
  /** Stops listening before it returns; resolves when its connections have come to an end. */
  readonly end: (listener: Listener) => Promise<void>;
}

interface Started<Options, Listener> {
  readonly options: Options;
  readonly listener: Listener;
}

export class ListenerSet<Options, Listener extends AsyncDisposable> implements AsyncDisposable {
  readonly #parts: ListenerSetParts<Options, Listener>;
  #started = new Map<string, Started<Options, Listener>>();

  constructor(parts: ListenerSetParts<Options, Listener>) {
    this.#parts = parts;
  }

  /** In the order of the configuration. */
  get all(): readonly Listener[] {
    return [...this.#started.values()].map(({ listener }) => listener);
  }

  /**
   * By their names, which stay the same while the address does. All that can be had are had; rejects with what the first one that
   * cannot says, and its predecessor listens on.
   */
  async change(wanted: ReadonlyMap<string, Options>): Promise<void> {
    const before = this.#started;
    const after = new Map<string, Started<Options, Listener>>();
    const ending: Promise<void>[] = [];
    const failures: unknown[] = [];
    for (const [name, started] of before) if (!wanted.has(name)) ending.push(this.#end(started.listener));
    for (const [name, options] of wanted) {
      const known = before.get(name);
      const isSame = known !== undefined && isDeepStrictEqual(known.options, options);
      if (known !== undefined && !isSame) ending.push(this.#end(known.listener));
      try {
        after.set(name, isSame ? known : { options, listener: await this.#parts.start(options) });
      } catch (error) {
        failures.push(error);
        if (known !== undefined) after.set(name, { ...known, listener: await this.#parts.start(known.options) });
      }
    }
    this.#started = after;
    await Promise.all(ending);
    if (failures.length > 0) throw failures[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = this.all;
    this.#started.clear();
    await Promise.all(all.map((listener) => listener[Symbol.asyncDispose]()));
  }

  async #end(listener: Listener): Promise<void> {
    await this.#parts.end(listener);
    await listener[Symbol.asyncDispose]();
  }
}

/** Names for a list: the address, and its place among those that are alike (several may take any free port). */
export function byAddress<Options extends { readonly address: string }>(list: readonly Options[]): Map<string, Options> {
  const named = new Map<string, Options>();
  for (const options of list) {
    let name = options.address;
    for (let count = 2; named.has(name); count += 1) name = `${options.address} ${count}`;
    named.set(name, options);
  }
  return named;
}
