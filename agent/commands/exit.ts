/** The exit codes of every command. */
export const exitCode = { done: 0, failed: 1, usage: 2, notReady: 3 } as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** What a command needs of the process; only main.ts touches it. */
export interface CommandHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where relative paths begin. */
  readonly cwd: string;
  readonly isTerminal: boolean;
  /** Aborted by SIGTERM and SIGINT. */
  readonly stop: AbortSignal;
  out(text: string): void;
  /** For a person: progress and errors. */
  err(text: string): void;
}
