/**
 * A fake of Kibana's import and export API, for tests: it keeps objects in memory and answers as the API's documentation says. It draws nothing and
 * checks no attribute; that a real Kibana takes the objects is not shown by it.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';

const imported = z.looseObject({ type: z.string(), id: z.string(), attributes: z.record(z.string(), z.unknown()) });
const exportBody = z.strictObject({
  objects: z.array(z.strictObject({ type: z.string(), id: z.string() })).min(1),
  excludeExportDetails: z.literal(true),
  includeReferencesDeep: z.literal(false),
});

export type FakeObject = z.infer<typeof imported>;

export class FakeKibana implements AsyncDisposable {
  /** By type and id. */
  readonly objects = new Map<string, FakeObject>();
  /** Of every request: method and path. */
  readonly requests: string[] = [];
  readonly authorizations = new Set<string | undefined>();
  /** Answers everything so while it is set. */
  refuses: { readonly status: number; readonly body: string } | undefined;
  /** What it does with what it imports, as migrations do. */
  migrate: (object: FakeObject) => FakeObject = (object) => object;
  /** Types that it does not take. */
  readonly unknownTypes = new Set<string>();
  readonly #server: Server;
  #clock = Date.UTC(2026, 10, 21, 12);

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(port = 0): Promise<FakeKibana> {
    const fake = new FakeKibana();
    fake.#server.listen(port, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  get url(): string {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
  }

  /** As a person does it: the object is stored again. */
  change(key: string, attributes: FakeObject['attributes']): void {
    const object = this.objects.get(key);
    if (object === undefined) throw new Error(`there is no ${key}`);
    this.#store({ ...object, attributes: { ...object.attributes, ...attributes } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #store(object: FakeObject): void {
    this.#clock += 1000;
    this.objects.set(`${object.type}:${object.id}`, {
      ...object,
      updated_at: new Date(this.#clock).toISOString(),
      version: 'Wz',
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const body = await text(request);
    this.requests.push(`${method} ${url}`);
    this.authorizations.add(headers.authorization);
    const send = (status: number, content: string | object): void => {
      response.writeHead(status).end(typeof content === 'string' ? content : JSON.stringify(content));
    };
    if (this.refuses !== undefined) return send(this.refuses.status, this.refuses.body);
    if (method === 'GET' && url === '/api/status') return send(200, { status: { overall: { level: 'available' } } });
    if (headers['kbn-xsrf'] === undefined) return send(400, { message: 'Request must contain a kbn-xsrf header.' });
    const { pathname, searchParams } = new URL(url, 'http://kibana');
    if (method === 'POST' && pathname.endsWith('/api/saved_objects/_export')) return this.#export(body, send);
    if (method === 'POST' && pathname.endsWith('/api/saved_objects/_import'))
      return this.#import(fileIn(body, headers['content-type']), searchParams.get('overwrite') === 'true', send);
    send(404, { message: 'Not Found' });
  }

  #export(body: string, send: (status: number, content: string | object) => void): void {
    const { objects } = exportBody.parse(JSON.parse(body));
    const missing = objects.filter(({ type, id }) => !this.objects.has(`${type}:${id}`));
    if (missing.length === 0)
      return send(200, objects.map(({ type, id }) => JSON.stringify(this.objects.get(`${type}:${id}`))).join('\n'));
    const errors = missing.map((one) => ({
      ...one,
      error: { statusCode: 404, error: 'Not Found', message: 'Saved object not found' },
    }));
    send(400, {
      statusCode: 400,
      error: 'Bad Request',
      message: 'Error fetching objects to export',
      attributes: { objects: errors },
    });
  }

  #import(file: string, overwrite: boolean, send: (status: number, content: string | object) => void): void {
    const objects = file
      .trimEnd()
      .split('\n')
      .map((line) => imported.parse(JSON.parse(line)));
    const errors = objects.flatMap(({ type, id }) => {
      const kind = this.unknownTypes.has(type)
        ? 'unsupported_type'
        : !overwrite && this.objects.has(`${type}:${id}`)
          ? 'conflict'
          : undefined;
      return kind === undefined ? [] : [{ type, id, error: { type: kind } }];
    });
    const refused = new Set(errors.map(({ type, id }) => `${type}:${id}`));
    for (const object of objects) if (!refused.has(`${object.type}:${object.id}`)) this.#store(this.migrate(object));
    send(200, {
      success: errors.length === 0,
      successCount: objects.length - errors.length,
      ...(errors.length > 0 && { errors }),
    });
  }
}

/** The file of a form, as RFC 7578 has it. */
function fileIn(body: string, contentType = ''): string {
  const boundary = /^multipart\/form-data; boundary=([\w-]+)$/.exec(contentType)?.[1] ?? '';
  const [empty, part = '', end, ...more] = body.split(`--${boundary}`);
  const [head = '', content = ''] = part.split('\r\n\r\n');
  const isForm = empty === '' && end === '--\r\n' && more.length === 0 && content.endsWith('\r\n');
  if (!isForm || !/content-disposition: form-data; name="file"; filename="[^"]+\.ndjson"/.test(head))
    throw new Error(`no form: ${body.slice(0, 500)}`);
  return content;
}
