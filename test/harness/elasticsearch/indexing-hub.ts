/** A hub whose lines come by pushes, one log type each, are parsed as JSON, and go into an Elasticsearch. */
import { writeFile } from 'node:fs/promises';
import { HubHost } from '../hub-host.ts';
import { at, listAt, numberAt, parseJson, textAt } from '../json.ts';
import { testPrograms } from '../programs.ts';
import { Scratch } from '../scratch.ts';
import { until } from '../until.ts';
import type { RawBody, RawResponse } from './raw-elasticsearch.ts';
import { type DocumentsToRead, readDocuments, type StoredDocument } from './read-documents.ts';

/** What a test looks at the cluster with: a server of the harness, or the shared one. */
export type LookedAt = DocumentsToRead['from'] & {
  request(method: string, path: string, body?: RawBody): Promise<RawResponse>;
  ask(method: string, path: string, body?: RawBody): Promise<unknown>;
};

export interface IndexingHubOptions {
  readonly server: LookedAt;
  readonly tenant: string;
  readonly types: readonly string[];
  /** Options of the output beside what every one of these has. */
  readonly output: Readonly<Record<string, unknown>>;
  /** Other options of the hub; outputs come beside its own. */
  readonly more?: Readonly<Record<string, unknown>> & { readonly outputs?: readonly object[] };
  /** Of all types; as JSON unless given. */
  readonly pipeline?: string;
}

export interface RefusedDocuments {
  readonly channel: string;
  readonly error: string;
  readonly count: number;
  readonly reason: string;
}

const asJson = 'steps:\n  - json: {}\n';

export class IndexingHub implements AsyncDisposable {
  readonly hub: HubHost;
  readonly #options: IndexingHubOptions;
  readonly #scratch: Scratch;
  readonly #pipelines: string;

  private constructor(options: IndexingHubOptions, scratch: Scratch, pipelines: string) {
    this.#options = options;
    this.#scratch = scratch;
    this.#pipelines = pipelines;
    this.hub = new HubHost({ programs: testPrograms, scratch, config: this.#config(options.output) });
  }

  /** It runs when this resolves; whether the cluster could be set up is another matter. */
  static async start(options: IndexingHubOptions): Promise<IndexingHub> {
    const scratch = await Scratch.make();
    const pipelines = await scratch.folder('pipelines');
    const { pipeline = asJson } = options;
    for (const type of options.types) await writeFile(`${pipelines}/${type}.yaml`, pipeline);
    const site = new IndexingHub(options, scratch, pipelines);
    try {
      await site.hub.start();
      return site;
    } catch (error) {
      await site[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The data stream of a log type. */
  name(type: string): string {
    return `logs-${type}-${this.#options.tenant}`;
  }

  /** Each becomes a line; resolves once the hub has them. */
  async push(type: string, values: readonly object[]): Promise<void> {
    const index = this.#options.types.indexOf(type);
    const address = textAt(await this.hub.status(), 'listeners', 'push', index, 'address');
    const response = await fetch(`http://${address}/api/v1/logs?host=tests`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: values.map((value) => `${JSON.stringify(value)}\n`).join(''),
    });
    const said = await response.text();
    if (!response.ok) throw new Error(`the push of ${type} was answered ${response.status}: ${said}`);
  }

  /** Documents of a log type that a search finds. */
  async count(type: string): Promise<number> {
    const { server } = this.#options;
    await server.request('POST', `/${this.name(type)}/_refresh`);
    const { status, body } = await server.request('GET', `/${this.name(type)}/_count`);
    return status === 200 ? numberAt(body, 'count') : 0;
  }

  async untilCount(type: string, count: number, deadlineMs = 120_000): Promise<void> {
    const detail = (): string => this.hub.program.tail();
    const look = async (): Promise<boolean> => (await this.count(type)) >= count;
    await until(`${count} documents of ${type} are there`, look, { deadlineMs, everyMs: 100, detail });
  }

  /** Of one type, as Python reads them. */
  async documents(type: string): Promise<StoredDocument[]> {
    return await readDocuments({ from: this.#options.server, indices: [this.name(type)] });
  }

  async refused(type: string): Promise<RefusedDocuments[]> {
    const answer = parseJson(await this.command('dlq', 'list', '--json', '--type', type));
    return listAt(answer, 'letters').map((letter) => ({
      channel: textAt(letter, 'channel'),
      error: textAt(letter, 'error'),
      count: numberAt(letter, 'count'),
      reason: textAt(letter, 'reason'),
    }));
  }

  async untilRefused(type: string, count: number): Promise<RefusedDocuments> {
    const look = async (): Promise<RefusedDocuments | undefined> =>
      (await this.refused(type)).find((letter) => letter.count >= count);
    const detail = (): string => this.hub.program.tail();
    return await until(`${count} documents of ${type} are dead letters`, look, { deadlineMs: 120_000, everyMs: 200, detail });
  }

  /** The sentence of a finding once it is there. */
  async untilFound(kind: string, deadlineMs = 120_000): Promise<string> {
    const look = async (): Promise<string | undefined> => {
      const finding = listAt(await this.hub.status(), 'findings').find((one) => at(one, 'kind') === kind);
      return finding === undefined ? undefined : textAt(finding, 'reason');
    };
    const detail = (): string => this.hub.program.tail();
    return await until(`${kind} is found`, look, { deadlineMs, everyMs: 50, detail });
  }

  async isFound(kind: string): Promise<boolean> {
    return listAt(await this.hub.status(), 'findings').some((one) => at(one, 'kind') === kind);
  }

  /** A figure of the output. */
  async figure(name: string): Promise<number> {
    return numberAt(await this.hub.status(), 'outputs', 0, 'counts', name);
  }

  async untilFigure(name: string, atLeast: number): Promise<void> {
    const look = async (): Promise<boolean> => (await this.figure(name)) >= atLeast;
    await until(`${name} of the output is ${atLeast}`, look, { everyMs: 50, detail: () => this.hub.program.tail() });
  }

  /** What a command of this hub says. */
  async command(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.hub.run(...args, '--config', this.hub.configPath);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}\n${stdout}${stderr}\n${this.hub.program.tail()}`);
    return stdout;
  }

  /** Other options of the output; what it had in work goes on with them. */
  async configure(output: Readonly<Record<string, unknown>>): Promise<void> {
    await this.hub.configure(this.#config(output));
    this.hub.program.signal('SIGHUP');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hub[Symbol.asyncDispose]();
    await this.#scratch[Symbol.asyncDispose]();
  }

  #config(output: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const { server, tenant, types, more = {} } = this.#options;
    const push = types.map((type) => ({
      address: '127.0.0.1:0',
      plaintext: true,
      tenant,
      type,
      allow_cidr: ['127.0.0.0/8'],
    }));
    const own = { kind: 'elasticsearch', urls: [server.url], tenants: [tenant], bulk_wait: '20ms', ...output };
    return {
      listeners: { push },
      pipelines_dir: this.#pipelines,
      ...more,
      outputs: [own, ...(more.outputs ?? [])],
    };
  }
}
