/**
 * One real Elasticsearch on a free port of the loopback, with its files in a folder of its own. Killed, stopped, paused and started again by
 * the pid of its own Java process. It goes with the process that started it, however that ends.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { onFreePort, ServerProcess } from '../server-process.ts';
import { elasticsearchHome } from './download.ts';
import { findJdk } from './jdk.ts';
import { type RawBody, RawElasticsearch, type RawResponse } from './raw-elasticsearch.ts';
import {
  type ElasticsearchSettings,
  type ElasticsearchTls,
  type ElasticsearchUser,
  tlsSettings,
  writeServerFiles,
  writeTlsFiles,
} from './server-files.ts';

export interface ElasticsearchServerOptions {
  /** Not there yet, or that of an earlier server whose data are to be there again. */
  readonly folder: string;
  /** Given: security is on. The first is who `request` is. */
  readonly users?: readonly ElasticsearchUser[];
  readonly rolesFile?: string;
  readonly tls?: ElasticsearchTls;
  /** More settings of elasticsearch.yml, or other values than those of the tests. */
  readonly settings?: ElasticsearchSettings;
  readonly heapMb?: number;
  /** Of jvm.options. Unless given, those that start soonest; a measurement gives none. */
  readonly jvmOptions?: readonly string[];
  /** The cores it may use, as `taskset` takes them. */
  readonly cpus?: string;
  readonly port?: number;
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal;
  /** Of a cluster of several: what others must know before it starts. */
  readonly node?: { readonly name: string; readonly transportPort: number; readonly cluster: ElasticsearchSettings };
}

const settingsOfTests: ElasticsearchSettings = {
  'cluster.name': 'tributary-test',
  'network.host': '127.0.0.1',
  // The disk of the machine that runs the tests may be nearly full.
  'cluster.routing.allocation.disk.threshold_enabled': false,
  'action.destructive_requires_name': false,
};
const quickStart = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-AlwaysPreTouch'];

export class ElasticsearchServer extends ServerProcess {
  readonly port: number;
  readonly #options: ElasticsearchServerOptions;
  #raw: RawElasticsearch;

  private constructor(options: ElasticsearchServerOptions, port: number) {
    super({ everyMs: 50, signal: options.signal });
    this.#options = options;
    this.port = port;
    this.#raw = this.#rawWith(options.tls);
  }

  static start(options: ElasticsearchServerOptions): Promise<ElasticsearchServer> {
    return onFreePort(options.port, 'BindHttpException', async (port) => {
      const server = new ElasticsearchServer(options, port);
      await server.#writeFiles();
      await server.run();
      return server;
    });
  }

  get url(): string {
    return `${this.#options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`;
  }

  /** The first of the users. */
  get user(): ElasticsearchUser | undefined {
    return this.#options.users?.[0];
  }

  /** PEM of whom `request` believes, as a file. */
  get authorityFile(): string | undefined {
    return this.#options.tls === undefined ? undefined : join(this.#options.folder, 'config/authority.crt');
  }

  /** As the first of the users. Any answer is one, also a refusal. */
  async request(method: string, path: string, body?: RawBody): Promise<RawResponse> {
    return await this.#raw.request(method, path, body);
  }

  /** The body of an answer that is none of a failure. */
  async ask(method: string, path: string, body?: RawBody): Promise<unknown> {
    return await this.#raw.ask(method, path, body);
  }

  /** With the same port and files, after it was killed or stopped; with other settings, where some are given. */
  override async restart(settings?: ElasticsearchSettings): Promise<void> {
    if (this.running) await this.stop();
    if (settings !== undefined) await this.#writeFiles(settings);
    await super.restart();
  }

  /** Other certificates, which it takes within seconds while it runs. */
  async replaceTls(tls: ElasticsearchTls): Promise<void> {
    await writeTlsFiles(this.#options.folder, tls);
    this.#raw = this.#rawWith(tls);
  }

  #rawWith(tls: ElasticsearchTls | undefined): RawElasticsearch {
    return new RawElasticsearch({ url: this.url, user: this.user, authority: tls?.authority });
  }

  async #writeFiles(settings: ElasticsearchSettings = {}): Promise<void> {
    const { folder, users, rolesFile, tls, node, heapMb = 512, jvmOptions = quickStart } = this.#options;
    const own: ElasticsearchSettings = {
      'path.data': join(folder, 'data'),
      'path.logs': join(folder, 'logs'),
      'http.port': this.port,
      'transport.port': node?.transportPort ?? 0,
      'node.name': node?.name ?? 'node-1',
      ...(node === undefined ? { 'discovery.type': 'single-node' } : node.cluster),
      'xpack.security.enabled': users !== undefined,
      ...(tls === undefined ? {} : tlsSettings),
    };
    await writeServerFiles({
      folder,
      settings: { ...settingsOfTests, ...own, ...this.#options.settings, ...settings },
      jvmOptions: [`-Xms${heapMb}m`, `-Xmx${heapMb}m`, '-Djava.io.tmpdir=${ES_TMPDIR}', ...jvmOptions],
      users: users ?? [],
      rolesFile,
      tls,
    });
  }

  protected override get title(): string {
    return `the Elasticsearch at ${this.url}`;
  }

  protected override get logName(): string {
    return `elasticsearch-${this.port}`;
  }

  protected override async launch(): Promise<ChildProcess> {
    const { folder, cpus } = this.#options;
    await rm(this.#pidFile, { force: true });
    const [home, jdk] = await Promise.all([elasticsearchHome(), findJdk()]);
    const java = join(jdk, 'bin/java');
    const nobody = process.getuid?.() === 0 ? ['--reuid=nobody', '--regid=nogroup', '--clear-groups'] : [];
    // The launcher dies with us, and the server when its launcher is gone.
    const before = ['--pdeathsig=KILL', ...nobody, ...(cpus === undefined ? [] : ['taskset', '-c', cpus])];
    const launcher = ['-Xmx64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', 'lib/tools/server-launcher/*'];
    const main = ['org.elasticsearch.server.launcher.ServerLauncher', '-p', this.#pidFile];
    return spawn('setpriv', [...before, java, ...launcher, ...main], {
      cwd: home,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        LANG: 'C.UTF-8',
        ES_HOME: home,
        ES_PATH_CONF: join(folder, 'config'),
        ES_TMPDIR: join(folder, 'tmp'),
        ES_DISTRIBUTION_TYPE: 'zip',
        JAVA: java,
        JAVA_TYPE: 'ES_JAVA_HOME',
        ES_JAVA_HOME: jdk,
      },
    });
  }

  get #pidFile(): string {
    return join(this.#options.folder, 'logs/pid');
  }

  /** Of the server's own Java process. */
  protected override async findPid(): Promise<number | undefined> {
    try {
      const text = await readFile(this.#pidFile, 'utf8');
      return /^\d+\n?$/.test(text) ? Number(text) : undefined;
    } catch {
      return undefined;
    }
  }

  /** A node of a cluster may be ready without the others. */
  protected override async isReady(output: string): Promise<boolean> {
    // Before that line it refuses connections, and each try would be one more.
    if (!/\]\s*started \{/.test(output)) return false;
    if (this.#options.node !== undefined) return true;
    try {
      const { status } = await this.request('GET', '/_cluster/health?wait_for_status=yellow&timeout=1s');
      return status === 200;
    } catch {
      return false;
    }
  }
}
