/** Writes real journal files, by systemd-journal-remote, which reads the export format. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { journalRemotePath } from './require.ts';

export type JournalFields = Readonly<Record<string, string | Buffer | readonly (string | Buffer)[]>>;

/** What all writers of one machine count up: entries are in the order of their times. */
let microseconds = Date.now() * 1000;

/** An entry in the export format. Text is written as text where the format allows it. */
export function exportEntry(fields: JournalFields, bootId: string): Buffer {
  microseconds += 1000;
  const parts: Buffer[] = [
    Buffer.from(`__REALTIME_TIMESTAMP=${microseconds}\n__MONOTONIC_TIMESTAMP=${microseconds}\n_BOOT_ID=${bootId}\n`),
  ];
  for (const [name, values] of Object.entries(fields)) {
    for (const value of Array.isArray(values) ? values : [values]) parts.push(exportField(name, value));
  }
  parts.push(Buffer.from('\n'));
  return Buffer.concat(parts);
}

function exportField(name: string, value: string | Buffer): Buffer {
  if (typeof value === 'string' && !value.includes('\n')) return Buffer.from(`${name}=${value}\n`);
  const bytes = Buffer.from(value);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([Buffer.from(`${name}\n`), size, bytes, Buffer.from('\n')]);
}

/** One journal file, written while the writer is open. */
export class JournalWriter implements AsyncDisposable {
  readonly bootId: string;
  readonly #child: ChildProcess;
  readonly #input: Writable;
  readonly #closed: Promise<unknown>;

  constructor(file: string, bootId = randomBytes(16).toString('hex')) {
    this.bootId = bootId;
    const child = spawn(journalRemotePath, ['-o', file, '-'], { stdio: ['pipe', 'ignore', 'ignore'] });
    this.#child = child;
    this.#input = child.stdin;
    this.#closed = once(child, 'close');
  }

  async write(...entries: readonly JournalFields[]): Promise<void> {
    const bytes = Buffer.concat(entries.map((fields) => exportEntry(fields, this.bootId)));
    if (!this.#input.write(bytes)) await once(this.#input, 'drain');
  }

  /** Resolves when all of it is in the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && !this.#input.writableEnded) this.#input.end();
    await this.#closed;
  }
}
