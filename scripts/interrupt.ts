/**
 * Ctrl-C, once and twice.
 *
 * One press reaches us up to three times: from the terminal, from npm, and from the bootstrap. So what comes within a moment of
 * the first is the same press. A later one means that the person does not want to wait.
 */
const samePressMs = 700;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface InterruptListener {
  onFirst(signal: NodeJS.Signals): void;
  onAgain(signal: NodeJS.Signals): void;
}

/** Decides what a signal means; without timers or processes, so a test can drive it. */
export class InterruptCounter {
  readonly #listener: InterruptListener;
  readonly #now: () => number;
  #lastPressMs: number | undefined;

  constructor(listener: InterruptListener, now: () => number = () => performance.now()) {
    this.#listener = listener;
    this.#now = now;
  }

  receive(signal: NodeJS.Signals): void {
    const nowMs = this.#now();
    const last = this.#lastPressMs;
    if (last !== undefined && nowMs - last < samePressMs) return;
    this.#lastPressMs = nowMs;
    if (last === undefined) this.#listener.onFirst(signal);
    else this.#listener.onAgain(signal);
  }
}

/** Listens until disposed. */
export function listenForInterrupt(listener: InterruptListener): Disposable {
  const counter = new InterruptCounter(listener);
  const receive = (signal: NodeJS.Signals): void => counter.receive(signal);
  for (const signal of signals) process.on(signal, receive);
  return {
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, receive);
    },
  };
}
