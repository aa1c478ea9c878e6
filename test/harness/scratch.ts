import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A temporary folder that goes with its owner. Its name is short: a unix socket's path has at most 107 bytes, and the run folders
 * of both products lie in here.
 */
export class Scratch implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<Scratch> {
    // TRIBUTARY_TEST_DIR lets a person put the files on another disk than the one of the temporary folder.
    return new Scratch(await mkdtemp(join(process.env['TRIBUTARY_TEST_DIR'] ?? tmpdir(), 'tb-')));
  }

  /** A folder in here, made if need be. */
  async folder(...parts: string[]): Promise<string> {
    const path = join(this.path, ...parts);
    await mkdir(path, { recursive: true });
    return path;
  }

  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (process.env['TRIBUTARY_KEEP'] === '1') {
      process.stderr.write(`kept ${this.path}\n`);
      return;
    }
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
  }
}
