/**
 * A group's cases go on side by side until each that is not done wants the processes interrupted: then that is done once for all of
 * them. So a group restarts its agent as often as the case that wants it most often.
 */
export type Action = () => void | Promise<void>;

interface Waiting {
  readonly action: Action;
  readonly done: PromiseWithResolvers<void>;
}

export class Rendezvous {
  readonly #interrupt: (actions: Action) => Promise<void>;
  #members: number;
  #waiting: Waiting[] = [];

  /** `interrupt` interrupts the processes, calls what it is given, and lets them go on. */
  constructor(members: number, interrupt: (actions: Action) => Promise<void>) {
    this.#members = members;
    this.#interrupt = interrupt;
  }

  /** Resolves when the processes were interrupted, `action` was done meanwhile, and they go on again. */
  async meet(action: Action): Promise<void> {
    const waiting = { action, done: Promise.withResolvers<void>() };
    this.#waiting.push(waiting);
    this.#interruptIfAllAreHere();
    await waiting.done.promise;
  }

  /** A case is done and will not come again. */
  leave(): void {
    this.#members -= 1;
    this.#interruptIfAllAreHere();
  }

  #interruptIfAllAreHere(): void {
    if (this.#waiting.length === 0 || this.#waiting.length < this.#members) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    void this.#run(waiting);
  }

  async #run(waiting: readonly Waiting[]): Promise<void> {
    const failures = new Map<Waiting, unknown>();
    try {
      await this.#interrupt(async () => {
        for (const one of waiting) {
          try {
            await one.action();
          } catch (error) {
            failures.set(one, error);
          }
        }
      });
    } catch (error) {
      for (const one of waiting) failures.set(one, error);
    }
    for (const one of waiting) {
      if (failures.has(one)) one.done.reject(failures.get(one));
      else one.done.resolve();
    }
  }
}
