/**
 * One real S3 server (versitygw) on a free port of the loopback. An object is a file of its key's name in the folder of its bucket, so that any
 * tool can read it. Killed, stopped, paused and started again by its own pid; it goes with the process that started it, however that ends.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onFreePort, ServerProcess } from '../server-process.ts';
import { s3Program } from './build.ts';
import { requestS3, type S3Access, type S3Request, type S3Response } from './raw-s3.ts';

export interface S3ServerOptions {
  /** Not there yet, or that of an earlier server whose objects are to be there again. */
  readonly folder: string;
  /** Made when they are not there yet. */
  readonly buckets?: readonly string[];
  /** In PEM; `authority` is whom `request` believes. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly authority: string };
  /** More of versitygw's options. */
  readonly args?: readonly string[];
  readonly port?: number;
}

const host = '127.0.0.1';
const healthPath = '/health-of-the-test-server';

export class S3Server extends ServerProcess {
  readonly port: number;
  readonly region = 'eu-test-1';
  readonly accessKey = 'test-access';
  readonly secretKey: string = randomBytes(16).toString('hex');
  readonly #options: S3ServerOptions;

  private constructor(options: S3ServerOptions, port: number) {
    super();
    this.#options = options;
    this.port = port;
  }

  static start(options: S3ServerOptions): Promise<S3Server> {
    return onFreePort(options.port, 'address already in use', async (port) => {
      const server = new S3Server(options, port);
      await server.#makeFolders();
      await server.run();
      await server.#makeBuckets();
      return server;
    });
  }

  get endpoint(): string {
    return `${this.#options.tls === undefined ? 'http' : 'https'}://${host}:${this.port}`;
  }

  get access(): S3Access {
    const { endpoint, region, accessKey, secretKey } = this;
    return { endpoint, region, accessKey, secretKey, authority: this.#options.tls?.authority };
  }

  /** Where the objects of a bucket are, as files. What is begun and not complete is in a folder of it that begins with a dot. */
  bucketFolder(bucket: string): string {
    return join(this.#options.folder, 'objects', bucket);
  }

  /** Any answer is one, also a refusal. */
  async request(wanted: S3Request): Promise<S3Response> {
    return await requestS3(this.access, wanted);
  }

  async #makeFolders(): Promise<void> {
    const { folder, tls } = this.#options;
    await mkdir(join(folder, 'objects'), { recursive: true });
    if (tls === undefined) return;
    await writeFile(join(folder, 'server.crt'), tls.cert);
    await writeFile(join(folder, 'server.key'), tls.key, { mode: 0o600 });
  }

  async #makeBuckets(): Promise<void> {
    for (const bucket of this.#options.buckets ?? []) {
      const { status, body } = await this.request({ method: 'PUT', path: `/${bucket}` });
      if (status === 200 || status === 409) continue;
      await this.kill();
      throw new Error(`no bucket ${bucket}: ${status} ${body.toString()}`);
    }
  }

  protected override get title(): string {
    return `the S3 server at ${this.endpoint}`;
  }

  protected override get logName(): string {
    return `s3-${this.port}`;
  }

  protected override async launch(): Promise<ChildProcess> {
    const { folder, tls, args = [] } = this.#options;
    const files = tls === undefined ? [] : ['--cert', join(folder, 'server.crt'), '--key', join(folder, 'server.key')];
    const own = ['--port', `${host}:${this.port}`, '--region', this.region, '--health', healthPath, ...files, ...args];
    const program = await s3Program();
    // A connection that is kept is what clients of S3 are used to.
    const command = ['--pdeathsig=KILL', program, ...own, '--keep-alive', 'posix', join(folder, 'objects')];
    return spawn('setpriv', command, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], ROOT_ACCESS_KEY: this.accessKey, ROOT_SECRET_KEY: this.secretKey },
    });
  }

  protected override async isReady(): Promise<boolean> {
    try {
      return (await this.request({ method: 'GET', path: healthPath })).status === 200;
    } catch {
      return false;
    }
  }
}
