/** Secrets that a test gave to programs, and everything that the programs said: none of the one may be in the other. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Heard {
  readonly where: string;
  readonly bytes: Buffer;
}

const secretBytes = 18;

export class SecretBook {
  readonly #secrets = new Map<string, string>();
  readonly #heard: Heard[] = [];

  /** A value that nobody else has. */
  make(name: string): string {
    return this.keep(name, randomBytes(secretBytes).toString('base64url'));
  }

  /** A secret that a program made. */
  keep(name: string, value: string): string {
    assert.ok(value.length >= 12, `${name} is long enough to be told from chance`);
    this.#secrets.set(name, value);
    return value;
  }

  hear(where: string, said: string | Buffer): void {
    this.#heard.push({ where, bytes: Buffer.from(said) });
  }

  /** Every file below, but those whose names end so. */
  async hearFolder(folder: string, except: readonly string[]): Promise<void> {
    for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || except.some((ending) => path.endsWith(ending))) continue;
      this.hear(path, await readFile(path));
    }
  }

  /** Where which secret was seen: as it is, and as headers and addresses carry it. */
  leaks(): string[] {
    const leaks: string[] = [];
    for (const [name, value] of this.#secrets) {
      const forms = [value, Buffer.from(value).toString('base64').replace(/=+$/, ''), encodeURIComponent(value)];
      for (const { where, bytes } of this.#heard) {
        if (forms.some((form) => bytes.includes(form))) leaks.push(`${name} in ${where}`);
      }
    }
    return leaks;
  }
}
