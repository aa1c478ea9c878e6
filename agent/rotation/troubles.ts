/** What holds a path up, told once while it lasts. */
export class Troubles {
  readonly #reasons = new Map<string, string>();
  readonly #tell: (path: string, reason: string, error: unknown) => void;

  constructor(tell: (path: string, reason: string, error: unknown) => void) {
    this.#tell = tell;
  }

  get all(): readonly { readonly path: string; readonly reason: string }[] {
    return [...this.#reasons].map(([path, reason]) => ({ path, reason }));
  }

  /** With an error: it failed; without: it waits. */
  raise(path: string, reason: string, error?: unknown): void {
    if (this.#reasons.get(path) === reason) return;
    this.#reasons.set(path, reason);
    this.#tell(path, reason, error);
  }

  clear(path: string): void {
    this.#reasons.delete(path);
  }

  /** Forgets all paths that are not there any more. */
  keep(paths: ReadonlySet<string>): void {
    for (const path of this.#reasons.keys()) if (!paths.has(path)) this.#reasons.delete(path);
  }
}
