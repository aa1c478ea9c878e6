import { statSync } from 'node:fs';
import type { ProcReader } from './proc-reader.ts';

/** Names of users as /etc/passwd has them, which is read again when it changed. */
export class UserNames {
  readonly #reader: ProcReader;
  readonly #path: string;
  #names: ReadonlyMap<number, string> = new Map();
  #changedMs = -1;

  constructor(reader: ProcReader) {
    this.#reader = reader;
    this.#path = reader.path('etc', 'passwd');
  }

  /** The name, or the number where there is no name; undefined for nobody. */
  of(uid: number | undefined): string | undefined {
    if (uid === undefined) return undefined;
    this.#refresh();
    return this.#names.get(uid) ?? String(uid);
  }

  #refresh(): void {
    const changedMs = changedMsOf(this.#path);
    if (changedMs === this.#changedMs) return;
    this.#changedMs = changedMs;
    const names = new Map<number, string>();
    for (const line of this.#reader.text(this.#path).split('\n')) {
      const [name = '', , uid = ''] = line.split(':');
      if (name !== '' && /^\d+$/.test(uid) && !names.has(Number(uid))) names.set(Number(uid), name);
    }
    this.#names = names;
  }
}

function changedMsOf(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}
