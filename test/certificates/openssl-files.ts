/** Certificates and keys as people make them: by openssl, in a folder of a test's own. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export class OpensslFiles implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<OpensslFiles> {
    return new OpensslFiles(await mkdtemp(join(tmpdir(), 'tributary-openssl-')));
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Runs in the folder, with its private files for nobody else. Words are split at spaces. */
  async openssl(words: string, ...more: readonly string[]): Promise<string> {
    const { stdout } = await run('openssl', [...words.split(' '), ...more], { cwd: this.folder });
    return stdout;
  }

  /** `NAME.crt` and `NAME.key`, signed by itself. */
  async selfSigned(name: string, ...more: readonly string[]): Promise<{ cert: string; key: string }> {
    await this.openssl(
      `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ${name}.key -out ${name}.crt -days 30 -subj`,
      `/CN=${name}`,
      ...more,
    );
    await chmod(this.path(`${name}.key`), 0o600);
    return { cert: this.path(`${name}.crt`), key: this.path(`${name}.key`) };
  }

  /** `NAME.crt` and `NAME.key`, signed by the certificate of that name. */
  async signedBy(issuer: string, name: string, ...more: readonly string[]): Promise<{ cert: string; key: string }> {
    return await this.selfSigned(name, '-CA', `${issuer}.crt`, '-CAkey', `${issuer}.key`, ...more);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
