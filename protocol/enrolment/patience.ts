/** A person waits for this: among several hubs none is waited for long before all have been asked, and only then with patience. */
const hurriedShare = 1 / 4;

/** How long a hub has to let itself be connected to, in each round of all hubs. */
export function connectTimeouts(hubs: readonly string[], timeoutMs: number): readonly number[] {
  return hubs.length > 1 ? [timeoutMs * hurriedShare, timeoutMs] : [timeoutMs];
}
