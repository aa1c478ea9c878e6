/** Once, also where it is aborted already: an aborted signal tells no listener that comes late. */
export function whenAborted(signal: AbortSignal, then: () => void): void {
  if (signal.aborted) then();
  else signal.addEventListener('abort', then, { once: true });
}
