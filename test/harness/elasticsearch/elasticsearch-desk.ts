/**
 * One Elasticsearch for all test files of a run, as each start takes ten seconds of a core. The process that runs the tests opens the desk; a
 * test file, which is a process of its own, asks there for the server, which is started for the first who asks and goes with the desk.
 */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { Scratch } from '../scratch.ts';
import { ElasticsearchServer } from './elasticsearch-server.ts';

/** Where the desk is, for the test files. */
export const deskVariable = 'TRIBUTARY_TEST_ELASTICSEARCH';

interface Started {
  readonly server: ElasticsearchServer;
  readonly scratch: Scratch;
}

export class ElasticsearchDesk implements AsyncDisposable {
  readonly #desk: Server;
  readonly #closing = new AbortController();
  #started: Promise<Started> | undefined;

  private constructor() {
    this.#desk = createServer((_, response) => void this.#answer(response));
  }

  static async open(): Promise<ElasticsearchDesk> {
    const desk = new ElasticsearchDesk();
    desk.#desk.listen(0, '127.0.0.1');
    await once(desk.#desk, 'listening');
    return desk;
  }

  get url(): string {
    const address = this.#desk.address();
    if (address === null || typeof address === 'string') throw new Error('the desk is closed');
    return `http://127.0.0.1:${address.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#desk.close();
    this.#desk.closeAllConnections();
    const started = await this.#started?.catch(() => undefined);
    await started?.server[Symbol.asyncDispose]();
    await started?.scratch[Symbol.asyncDispose]();
  }

  async #answer(response: ServerResponse): Promise<void> {
    try {
      this.#started ??= start(this.#closing.signal);
      const { server } = await this.#started;
      response.end(server.url);
    } catch (error) {
      // The next who asks has another try.
      this.#started = undefined;
      response.writeHead(500).end(error instanceof Error ? error.message : String(error));
    }
  }
}

async function start(signal: AbortSignal): Promise<Started> {
  const scratch = await Scratch.make();
  try {
    return { server: await ElasticsearchServer.start({ folder: scratch.file('elasticsearch'), signal }), scratch };
  } catch (error) {
    await scratch[Symbol.asyncDispose]();
    throw error;
  }
}
