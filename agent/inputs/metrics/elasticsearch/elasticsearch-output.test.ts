import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { eventually } from '../../testing/input-under-test.ts';
import { type RecordedEvent, recordingEvents } from '../../testing/recording-events.ts';
import { ElasticsearchOutput, type ElasticsearchOutputOptions } from './elasticsearch-output.ts';

interface Sent {
  readonly action: { readonly create: { readonly _index: string; readonly _id: string } };
  readonly source: Record<string, unknown>;
}

interface Request {
  readonly headers: IncomingMessage['headers'];
  readonly url: string;
  readonly sent: readonly Sent[];
}

type Answer = { readonly status: number; readonly body: unknown };

/** Takes bulk requests as Elasticsearch does, and holds them to its format. */
class BulkServer implements AsyncDisposable {
  readonly requests: Request[] = [];
  answer: (request: Request) => Answer = taken;
  readonly #server = createServer((request, response) => {
    const reply = async (): Promise<void> => {
      const { status, body } = await this.#take(request);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    void reply();
  });

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    assert.ok(typeof address === 'object' && address !== null);
    return `http://127.0.0.1:${address.port}`;
  }

  documents(): unknown[] {
    return this.requests.flatMap(({ sent }) => sent.map(({ source }) => source['n']));
  }

  async #take(request: IncomingMessage): Promise<Answer> {
    const body = await text(request);
    assert.ok(body.endsWith('\n'), 'the last line ends, too');
    const lines = body.slice(0, -1).split('\n');
    const sent = Array.from({ length: lines.length / 2 }, (_, index): Sent => {
      return { action: JSON.parse(lines[index * 2] ?? ''), source: JSON.parse(lines[index * 2 + 1] ?? '') };
    });
    const taking = { headers: request.headers, url: `${request.method} ${request.url}`, sent };
    const answer = this.answer(taking);
    this.requests.push(taking);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }
}

function taken({ sent }: Request): Answer {
  return { status: 200, body: { errors: false, items: sent.map(() => ({ create: { status: 201 } })) } };
}

function statuses(...all: readonly number[]): Answer {
  const items = all.map((status) => ({
    create: { status, error: status < 300 ? undefined : { type: 'some_error', reason: 'so' } },
  }));
  return { status: 200, body: { errors: true, items } };
}

interface Unit extends AsyncDisposable {
  readonly server: BulkServer;
  readonly output: ElasticsearchOutput;
  readonly events: RecordedEvent[];
  readonly add: (...numbers: readonly number[]) => void;
}

const fastClock = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 5), signal) };

async function start(options: Partial<ElasticsearchOutputOptions> = {}): Promise<Unit> {
  const server = new BulkServer();
  const events: RecordedEvent[] = [];
  const output = new ElasticsearchOutput({
    url: await server.listen(),
    index: 'metrics-{dataset}-{tenant}',
    queue_bytes: 1_000_000,
    only: false,
    tenant: 'acme',
    clock: fastClock,
    events: recordingEvents(events),
    ...options,
  });
  return {
    server,
    output,
    events,
    add: (...numbers) => {
      for (const n of numbers) output.add('system.cpu', `${JSON.stringify({ n })}\n`);
    },
    [Symbol.asyncDispose]: async () => {
      await output[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test('documents go as create operations, each with an id, into the data stream of their dataset', async () => {
  await using unit = await start({ api_key: 'c2VjcmV0' });
  unit.add(1, 2);
  await eventually('they were sent', () => unit.server.documents().length === 2);
  const [request] = unit.server.requests;
  assert.match(request?.url ?? '', /^POST \/_bulk\?/);
  assert.equal(request?.headers['content-type'], 'application/x-ndjson');
  assert.equal(request?.headers.authorization, 'ApiKey c2VjcmV0');
  const [first, second] = request?.sent ?? [];
  assert.deepEqual(first?.source, { n: 1, data_stream: { type: 'metrics', dataset: 'system.cpu', namespace: 'acme' } });
  assert.deepEqual(Object.keys(first?.action ?? {}), ['create']);
  assert.equal(first?.action.create['_index'], 'metrics-system.cpu-acme');
  assert.notEqual(first?.action.create['_id'], second?.action.create['_id']);
});

test('another index, and a user with a password', async () => {
  await using unit = await start({ index: 'metricbeat-tributary', username: 'u', password: 'p:q' });
  unit.add(1);
  await eventually('it was sent', () => unit.server.documents().length === 1);
  const [request] = unit.server.requests;
  assert.equal(request?.headers.authorization, `Basic ${Buffer.from('u:p:q').toString('base64')}`);
  assert.deepEqual(request?.sent[0]?.source, { n: 1 });
  assert.equal(request?.sent[0]?.action.create['_index'], 'metricbeat-tributary');
});

test('of a bulk request only what was not taken and may be is sent again; what is there already counts as taken', async () => {
  await using unit = await start();
  unit.server.answer = () => statuses(201, 409, 429, 400, 503);
  unit.add(1, 2, 3, 4, 5);
  await eventually('it was sent', () => unit.server.requests.length > 0);
  unit.server.answer = taken;
  await eventually('the rest was sent again', () => unit.server.documents().length === 7);
  const [first, second] = unit.server.requests;
  assert.deepEqual(
    second?.sent.map(({ source }) => source['n']),
    [3, 5],
  );
  assert.equal(second?.sent[0]?.action.create['_id'], first?.sent[2]?.action.create['_id'], 'under the same id');
  const lost = unit.events.filter(([name]) => name === 'lost');
  assert.equal(lost.length, 1);
  assert.deepEqual(
    Object.entries(lost[0]?.[2] ?? {}).filter(([key]) => key !== 'bytes'),
    [
      ['cause', 'rejected'],
      ['records', 1],
    ],
  );
  await eventually('it is well again', () => unit.events.at(-1)?.[0] === 'sourceRecovered');
});

test('a trouble is told once and tried again, with nothing lost and in order', async () => {
  await using unit = await start();
  let refused = 0;
  unit.server.answer = () => {
    refused += 1;
    return { status: 503, body: { error: 'unavailable' } };
  };
  unit.add(1, 2, 3);
  await eventually('it was tried several times', () => refused >= 3);
  unit.server.answer = taken;
  const before = unit.server.requests.length;
  await eventually('it was taken', () => unit.server.requests.length > before);
  assert.deepEqual(
    unit.server.requests.at(-1)?.sent.map(({ source }) => source['n']),
    [1, 2, 3],
  );
  await eventually('it is well again', () => unit.events.length === 2);
  assert.deepEqual(
    unit.events.map(([name]) => name),
    ['sourceFailed', 'sourceRecovered'],
  );
});

test('beyond the queue the oldest are dropped, and counted', async () => {
  await using unit = await start({ queue_bytes: 1000, url: 'http://127.0.0.1:9/' });
  unit.add(...Array.from({ length: 100 }, (_, index) => index));
  const lost = unit.events.filter(([name]) => name === 'lost');
  assert.ok(lost.length > 80);
  assert.ok(
    lost.every(([, path, loss]) => path === 'elasticsearch 127.0.0.1:9' && JSON.stringify(loss).includes('"buffer-full"')),
  );
});

test('a request that is too large as a whole is sent in parts', async () => {
  await using unit = await start();
  unit.server.answer = (request) => (request.sent.length > 3 ? { status: 413, body: {} } : taken(request));
  unit.add(...Array.from({ length: 10 }, (_, index) => index));
  const takenDocuments = (): unknown[] =>
    unit.server.requests.filter(({ sent }) => sent.length <= 3).flatMap(({ sent }) => sent.map(({ source }) => source['n']));
  await eventually('all were taken', () => takenDocuments().length === 10);
  assert.deepEqual(takenDocuments(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('what is left at the end is sent, and what cannot be is counted', async () => {
  const unit = await start();
  unit.add(1, 2);
  await unit.output[Symbol.asyncDispose]();
  assert.deepEqual(unit.server.documents(), [1, 2]);
  await unit.server[Symbol.asyncDispose]();
  const other = await start({ url: 'http://127.0.0.1:9/' });
  other.add(1);
  await other[Symbol.asyncDispose]();
  const lost = other.events.filter(([name]) => name === 'lost');
  assert.deepEqual(
    lost.map(([, , loss]) => JSON.stringify(loss).includes('"dropped"')),
    [true],
  );
});
