/** A long-lived part that was started: disposing aborts it and waits until its step under way has ended. */
export function running(run: (signal: AbortSignal) => Promise<void>, onFailed: (error: unknown) => void): AsyncDisposable {
  const stop = new AbortController();
  const ended = run(stop.signal).catch(onFailed);
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended;
    },
  };
}
