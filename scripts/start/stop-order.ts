/**
 * The interruption as the rest of the start sees it: the first Ctrl-C asks for a clean stop, the second one for not waiting any
 * longer for what is still on its way. Nothing is lost by either: what was not archived yet goes on from there at the next start.
 */
import { listenForInterrupt } from '../interrupt.ts';

export interface StopOrder extends Disposable {
  /** Aborted by the first Ctrl-C. */
  readonly stop: AbortSignal;
  /** Aborted by the second. */
  readonly hurry: AbortSignal;
}

export function listenForStop(): StopOrder {
  const [stop, hurry] = [new AbortController(), new AbortController()];
  const listening = listenForInterrupt({
    onFirst: (signal) => stop.abort(new Error(signal)),
    onAgain: (signal) => hurry.abort(new Error(signal)),
  });
  return { stop: stop.signal, hurry: hurry.signal, [Symbol.dispose]: () => listening[Symbol.dispose]() };
}
