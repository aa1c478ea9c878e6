/** The agents' port as a stranger with any certificate sees it. */
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { randomBytes } from 'node:crypto';
import { decode, encode } from '@tributary/protocol/codec.ts';
import type { Hello, Message } from '@tributary/protocol/messages.ts';
import { currentVersion } from '@tributary/protocol/version.ts';
import { WebSocket } from 'ws';
import type { HttpAnswer, Machine } from './enrolment-client.ts';
import { isObject, parseJson } from './json.ts';
import type { Issued } from './test-authority.ts';

export interface DoorAnswer extends HttpAnswer {
  /** Of a refusal. */
  readonly error: string;
  readonly hint: string;
}

/** Asks for the WebSocket of agents. Status 101: it was let in, and has left again. */
export async function knock(port: number, identity?: Issued): Promise<DoorAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const call = request({
    host: '127.0.0.1',
    port,
    path: '/v1/agent',
    rejectUnauthorized: false,
    agent: false,
    timeout: 120_000,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
    },
    ...(identity === undefined ? {} : identity),
  });
  call.on('timeout', () => call.destroy(new Error('the door says nothing')));
  call.once('upgrade', (response, socket) => {
    socket.destroy();
    resolve(response);
  });
  call.once('response', resolve);
  call.once('error', reject);
  call.end();
  const response = await promise;
  const status = response.statusCode ?? 0;
  let text = '';
  if (status !== 101) for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  const body = text.startsWith('{') ? parseJson(text) : undefined;
  const { error, hint } = isObject(body) ? body : {};
  return { status, body, text, error: String(error), hint: String(hint) };
}

/** Says Hello as this machine, leaves, and gives the hub's answer: a Welcome, or a Reject. Without TLS where it has no `identity`. */
export async function greet(port: number, identity: Issued | undefined, machine: Machine): Promise<Message> {
  const scheme = identity === undefined ? 'ws' : 'wss';
  const socket = new WebSocket(`${scheme}://127.0.0.1:${port}/v1/agent`, { rejectUnauthorized: false, ...identity });
  const { promise, resolve, reject } = Promise.withResolvers<Message>();
  socket.on('error', reject);
  socket.once('close', () => reject(new Error('the hub closed the connection without an answer')));
  socket.on('message', (data: Buffer) => resolve(decode(data)));
  socket.once('open', () => socket.send(encode(helloOf(machine))));
  try {
    return await promise;
  } finally {
    socket.terminate();
  }
}

export function helloOf({ agentId, instanceId, bootId }: Machine, startCounter = 1): Hello {
  const versions = { versionMin: currentVersion, versionMax: currentVersion };
  return { kind: 'hello', ...versions, sender: 'agent', agentId, instanceId, bootId, startCounter, facts: {}, capabilities: [] };
}
