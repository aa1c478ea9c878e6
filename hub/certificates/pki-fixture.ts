/** A site's own certificates in a temporary folder, at a time that a test drives. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { Authority } from './authority.ts';
import { makePkiFolder, type PkiFiles, pkiFiles } from './pki-files.ts';

export const siteId = 'a1'.repeat(16);
export const hubId = 'b2'.repeat(16);
export const dayMs = 24 * 3_600_000;

export class PkiFixture implements AsyncDisposable {
  readonly dataDir: string;
  readonly files: PkiFiles;
  readonly authority: Authority;
  readonly clock: ManualClock;

  private constructor(dataDir: string, authority: Authority, clock: ManualClock) {
    this.dataDir = dataDir;
    this.files = pkiFiles(dataDir);
    this.authority = authority;
    this.clock = clock;
  }

  static async make(): Promise<PkiFixture> {
    const dataDir = await mkdtemp(join(tmpdir(), 'tributary-pki-'));
    const files = pkiFiles(dataDir);
    await makePkiFolder(files);
    const clock = new ManualClock(Date.UTC(2026, 10, 21));
    return new PkiFixture(dataDir, await Authority.create(files, { name: 'test' }, clock), clock);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
