/** Bodies of bulk requests as they were sent, in a file: each behind its length. And what records them on their way. */
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

const lengthBytes = 4;

export function fileOfBodies(bodies: readonly Buffer[]): Buffer {
  const length = Buffer.alloc(lengthBytes);
  return Buffer.concat(
    bodies.flatMap((body) => {
      length.writeUInt32LE(body.length);
      return [Buffer.from(length), body];
    }),
  );
}

export function bodiesOf(file: Buffer): Buffer[] {
  const bodies: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const end = at + lengthBytes + file.readUInt32LE(at);
    bodies.push(file.subarray(at + lengthBytes, end));
    at = end;
  }
  return bodies;
}

/** How many documents they have: two lines each. */
export function documentsOf(bodies: readonly Buffer[]): number {
  let lines = 0;
  for (const body of bodies) for (let at = body.indexOf(10); at !== -1; at = body.indexOf(10, at + 1)) lines += 1;
  return lines / 2;
}

/** In front of an Elasticsearch: everything passes, and bodies of bulk requests are kept. */
export class BulkRecorder implements AsyncDisposable {
  readonly bodies: Buffer[] = [];
  readonly #target: string;
  readonly #server: Server;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((incoming, response) => void this.#pass(incoming, response));
  }

  static async start(target: string): Promise<BulkRecorder> {
    const recorder = new BulkRecorder(target);
    recorder.#server.listen(0, '127.0.0.1');
    await once(recorder.#server, 'listening');
    return recorder;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the recorder is closed');
    return `http://127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await buffer(incoming);
      const { method = 'GET', url = '/', headers } = incoming;
      if (url.startsWith('/_bulk')) this.bodies.push(body);
      const { 'content-type': type = '', accept = '*/*' } = headers;
      const sent = { accept, ...(type === '' ? {} : { 'content-type': type }) };
      const call = request(new URL(url, this.#target), { method, headers: sent, agent: false });
      const answered = once(call, 'response');
      call.end(body);
      const answer = (await answered).find((one): one is IncomingMessage => one !== undefined);
      if (answer === undefined) throw new Error('an answer is a message');
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    } catch {
      // The hub has no answer then, as where its server is gone.
      response.destroy();
    }
  }
}
