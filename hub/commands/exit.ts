/** The exit codes of every command. */
export const exitCode = { done: 0, failed: 1, usage: 2, notReady: 3 } as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** Wrong use of a command; the message is for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}

/** What a command needs of the process; only main.ts touches it. */
export interface CommandHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by SIGTERM and SIGINT. */
  readonly stop: AbortSignal;
  /** Resolves when the reader has room again. The program ends when it cannot be written. */
  out(bytes: string | Uint8Array): Promise<void>;
  /** The reader is a terminal, and what it is told may hold what it would obey. */
  readonly isTerminal?: boolean;
  /** For a person: progress and errors. */
  err(text: string): void;
}
