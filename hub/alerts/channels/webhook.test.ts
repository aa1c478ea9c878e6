import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { ConnectProxy } from '@tributary/protocol/uplink/testing/connect-proxy.ts';
import { alertOptions, type WebhookOptions } from '../../config/alert-options.ts';
import { alertMessage } from '../testing/alert-message.ts';
import { textOf } from '../message-text.ts';
import { alertChannel } from './alert-channel.ts';
import { RefusedError } from './refused-error.ts';

const never = new AbortController().signal;

interface Posted {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function receiver(status: number): Promise<{ server: Server; url: string; posted: Posted[] }> {
  const posted: Posted[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    posted.push({ headers: request.headers, body: await text(request) });
    response.statusCode = status;
    if (status !== 0) response.end('no room\n');
  };
  const server = createServer((request, response) => void take(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = addressOf(server);
  return { server, url: `http://127.0.0.1:${port}/hook`, posted };
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address;
}

function webhook(options: Partial<WebhookOptions> & { readonly url: string }): WebhookOptions {
  const [parsed] = alertOptions.parse({ receivers: [{ kind: 'webhook', name: 'ops', ...options }] }).receivers;
  assert.ok(parsed?.kind === 'webhook');
  return parsed;
}

test('a message is signed over its time and its bytes, and has its id', async () => {
  const { server, url, posted } = await receiver(204);
  await using proxy = await ConnectProxy.start();
  try {
    const secret = 'a secret of this test';
    const how = { timeout: 10_000, page_url: 'https://logs.example.com/' };
    await alertChannel(webhook({ url, secret, headers: { authorization: 'Bearer x' } }), how).send(alertMessage(), never);
    await alertChannel(webhook({ url, proxy: `http://${proxy.address}` }), how).send(alertMessage(), never);
    const [first, second] = posted;
    const [, seconds = '', digest = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(first?.headers['tributary-signature'])) ?? [];
    assert.equal(
      createHmac('sha256', secret)
        .update(`${seconds}.${first?.body ?? ''}`)
        .digest('hex'),
      digest,
    );
    assert.equal(first?.headers['tributary-alert-id'], 'an-id');
    assert.equal(first?.headers.authorization, 'Bearer x');
    assert.partialDeepStrictEqual(JSON.parse(first?.body ?? ''), {
      id: 'an-id',
      status: 'firing',
      summary: '[main] red: agent web1: agent-silent',
      page_url: 'https://logs.example.com/',
      alerts: [
        {
          key: 'a-key',
          change: 'raised',
          node: 'agent/1',
          node_kind: 'agent',
          tenants: ['shop'],
          finding: 'agent-silent',
          level: 'red',
        },
      ],
    });
    assert.equal(second?.headers['tributary-signature'], undefined);
    assert.equal(proxy.requests.length, 1);
  } finally {
    server.close();
  }
});

test('what is no yes is said in the words of the receiver, and no answer is none', async () => {
  const { server, url } = await receiver(507);
  const silent = await receiver(0);
  try {
    const how = { timeout: 10_000, page_url: undefined };
    await assert.rejects(alertChannel(webhook({ url }), how).send(alertMessage(), never), /answered 507: no room/);
    const quick = { timeout: 100, page_url: undefined };
    await assert.rejects(alertChannel(webhook({ url: silent.url }), quick).send(alertMessage(), never), /no answer within 0.1 s/);
  } finally {
    server.close();
    silent.server.closeAllConnections();
    silent.server.close();
  }
});

test('what the receiver repeats of its address and of the headers is told to nobody', async () => {
  const said = ({ url = '', headers }: IncomingMessage): string =>
    `Cannot POST ${url}, not even ${decodeURIComponent(url)}, with ${headers.authorization ?? ''} (${headers.authorization?.slice(7) ?? ''})`;
  const server = createServer((request, response) => {
    response.statusCode = 404;
    response.end(said(request));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `http://127.0.0.1:${addressOf(server).port}/hook/T0%40secret/b1secret?token=c2secret`;
    const options = webhook({ url, headers: { authorization: 'Bearer d3secret' } });
    const how = { timeout: 10_000, page_url: undefined };
    await assert.rejects(alertChannel(options, how).send(alertMessage(), never), {
      message: 'it answered 404: Cannot POST …, not even …, with … (…)',
    });
  } finally {
    server.close();
  }
});

test('headers of the configuration take the place of none that a message has', async () => {
  const { server, url, posted } = await receiver(200);
  try {
    const headers = { 'Content-Type': 'text/plain', 'Tributary-Alert-Id': 'x', 'X-Own': 'y' };
    await alertChannel(webhook({ url, headers }), { timeout: 10_000, page_url: undefined }).send(alertMessage(), never);
    const sent = posted[0]?.headers;
    assert.deepEqual([sent?.['content-type'], sent?.['tributary-alert-id'], sent?.['x-own']], ['application/json', 'an-id', 'y']);
  } finally {
    server.close();
  }
});

test('a body of the configuration says what the message says, as JSON whatever that is', async () => {
  const { server, url, posted } = await receiver(200);
  try {
    const secret = 'a secret of this test';
    const block = { type: 'section', count: 3, isShown: true, none: null };
    const blocks = [{ ...block, text: { text: '{text}' } }, 'plain {level} {status}'];
    const body = { text: '{site}: {summary} {page_url}', blocks };
    const how = { timeout: 10_000, page_url: undefined };
    const message = alertMessage();
    const [item] = message.items;
    assert.ok(item);
    const quoted = { ...message, items: [{ ...item, name: '"{id}"\n\\', reason: '{level}' }] };
    await alertChannel(webhook({ url, secret, body }), how).send(quoted, never);
    assert.deepEqual(JSON.parse(posted[0]?.body ?? ''), {
      text: 'main: [main] red: agent "{id}"\n\\: agent-silent ',
      blocks: [{ ...block, text: { text: textOf(quoted, undefined) } }, 'plain red firing'],
    });
    const none = { red: 0, yellow: 0 };
    await alertChannel(webhook({ url, body: { text: '{status} {level}' } }), how).send({ ...message, standing: none }, never);
    assert.deepEqual(JSON.parse(posted[1]?.body ?? ''), { text: 'resolved green' });
  } finally {
    server.close();
  }
  const wrong = { kind: 'webhook', name: 'ops', url: 'https://h/', body: { blocks: [{ text: '{subject}' }] } };
  const { error } = alertOptions.safeParse({ receivers: [wrong] });
  assert.match(error?.issues[0]?.message ?? '', /^\{subject\} is nothing that a message says: there are \{id\}, /);
});

test('what is refused for what it says is told apart from what may be taken later', async () => {
  const how = { timeout: 10_000, page_url: undefined };
  for (const status of [400, 413, 422, 401, 404, 429, 503]) {
    const { server, url } = await receiver(status);
    try {
      const isRefused = [400, 413, 422].includes(status);
      await assert.rejects(alertChannel(webhook({ url }), how).send(alertMessage(), never), (error) => {
        return (
          error instanceof RefusedError === isRefused && error instanceof Error && error.message.includes(`answered ${status}`)
        );
      });
    } finally {
      server.close();
    }
  }
});

test('what other machines would read on the way is refused', () => {
  const refused = (receiverOptions: object): boolean => !alertOptions.safeParse({ receivers: [receiverOptions] }).success;
  assert.ok(refused({ kind: 'webhook', name: 'ops', url: 'http://hooks.example.com/' }));
  assert.ok(!refused({ kind: 'webhook', name: 'ops', url: 'http://hooks.example.com/', plaintext: true }));
  const mail = { kind: 'email', name: 'ops', host: 'mail.example.com', from: 'a@example.com', to: ['b@example.com'] };
  assert.ok(refused({ ...mail, tls: 'none' }));
  assert.ok(!refused(mail));
  assert.ok(refused({ ...mail, username: 'hub' }));
  assert.ok(refused({ ...mail, to: ['b@example.com\nBcc: c@example.com'] }));
});
