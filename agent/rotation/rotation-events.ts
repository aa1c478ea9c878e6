/** What rotation tells; each becomes a log line, a counter and a platform event (agent/events.ts). */
export interface RotationEvents {
  rotationDone(path: string, facts: { readonly rotatedTo: string; readonly bytes: number; readonly method: string }): void;
  rotationRemoved(path: string, facts: { readonly bytes: number; readonly reason: string }): void;
  /** Removed although no hub had all of it; `unshippedBytes` are a loss. */
  rotationExpired(
    path: string,
    facts: { readonly bytes: number; readonly unshippedBytes: number; readonly reason: string },
  ): void;
  /** Told once while it lasts: rotating, compressing or removing waits. */
  rotationBlocked(path: string, reason: string): void;
  /** Told once while it lasts; tried again. */
  rotationFailed(path: string, error: unknown): void;
}
