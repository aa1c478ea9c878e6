/** A real Prometheus that scrapes what a test gives it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { at, parseJson } from '../json.ts';
import type { Scratch } from '../scratch.ts';
import { onFreePort, ServerProcess } from '../server-process.ts';

export interface PrometheusOptions {
  readonly scratch: Scratch;
  /** `host:port`. */
  readonly target: string;
  readonly token: string;
  readonly caFile: string;
  readonly ruleFiles: readonly string[];
}

export class PrometheusServer extends ServerProcess {
  readonly #options: PrometheusOptions;
  readonly #port: number;

  private constructor(options: PrometheusOptions, port: number) {
    super();
    this.#options = options;
    this.#port = port;
  }

  static start(options: PrometheusOptions): Promise<PrometheusServer> {
    return onFreePort(undefined, 'address already in use', async (port) => {
      const server = new PrometheusServer(options, port);
      await server.#configure();
      await server.run();
      return server;
    });
  }

  /** The data of its answer; rejects with what it says of a query that it does not understand. */
  async ask(path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/api/v1/${path}?${new URLSearchParams(query).toString()}`);
    const told = parseJson(await answer.text());
    if (at(told, 'status') !== 'success')
      throw new Error(`Prometheus refuses ${path} ${query['query']}: ${String(at(told, 'error'))}`);
    return at(told, 'data');
  }

  protected get title(): string {
    return `the Prometheus at 127.0.0.1:${this.#port}`;
  }

  protected get logName(): string {
    return `prometheus-${this.#port}`;
  }

  protected launch(): ChildProcess {
    const { scratch } = this.#options;
    const args = [
      `--config.file=${scratch.file('prometheus.yaml')}`,
      `--storage.tsdb.path=${scratch.file('prometheus')}`,
      `--web.listen-address=127.0.0.1:${this.#port}`,
    ];
    return spawn('prometheus', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  protected isReady(output: string): boolean {
    return output.includes('Server is ready to receive web requests');
  }

  #configure(): Promise<void> {
    const { scratch, target, token, caFile, ruleFiles } = this.#options;
    const scrape = {
      job_name: 'tributary-hub',
      scheme: 'https',
      authorization: { credentials: token },
      tls_config: { ca_file: caFile },
      static_configs: [{ targets: [target], labels: { site: 'test' } }],
    };
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: ruleFiles,
      scrape_configs: [scrape],
    };
    // JSON is YAML.
    return writeFile(scratch.file('prometheus.yaml'), JSON.stringify(config));
  }
}

/** What `promtool` says, and how it ended. */
export async function promtool(args: readonly string[], stdin = ''): Promise<{ readonly code: number; readonly text: string }> {
  const child = execFile('promtool', [...args]);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part: string) => (text += part));
  child.stdin?.end(stdin);
  await once(child, 'close');
  return { code: child.exitCode ?? 1, text };
}
