/**
 * Enrolment as docs/PROTOCOL.md has it, by a client that is not ours: it asks for what a test wants to ask for, wrong things
 * among them, and trusts whoever answers.
 */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { EnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { enrolPath, proofText, renewPath } from '@tributary/protocol/enrolment/messages.ts';
import { parseJson } from './json.ts';
import type { Issued } from './test-authority.ts';

export interface Machine {
  readonly agentId: string;
  readonly instanceId: string;
  readonly bootId: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** Undefined when it is no JSON. */
  readonly body: unknown;
  readonly text: string;
}

export interface EnrolmentTry extends HttpAnswer {
  /** PKCS#8 in PEM. */
  readonly key: string;
}

export function newMachine(): Machine {
  return { agentId: drawnId(), instanceId: drawnId(), bootId: drawnId() };
}

/** `more` goes over the request's members, whatever they are. */
export async function enrolWith(
  token: EnrolmentToken,
  machine: Machine,
  more: Readonly<Record<string, unknown>> = {},
): Promise<EnrolmentTry> {
  const { privateKey, publicKey } = newKey();
  const body = {
    tokenId: token.tokenId,
    secret: token.secret,
    kind: 'agent',
    id: machine.agentId,
    instanceId: machine.instanceId,
    bootId: machine.bootId,
    host: 'test-machine',
    version: '0.0.0',
    publicKey,
    proof: proofOf(privateKey, proofText(`enrol ${token.tokenId}`, machine.agentId, publicKey)),
    ...more,
  };
  const answer = await postJson(token.hubs[0] ?? '', enrolPath, body);
  return { ...answer, key: pemOf(privateKey) };
}

export async function renewWith(hub: string, identity: Issued, agentId: string): Promise<EnrolmentTry> {
  const { privateKey, publicKey } = newKey();
  const body = { publicKey, proof: proofOf(privateKey, proofText('renew', agentId, publicKey)) };
  return { ...(await postJson(hub, renewPath, body, identity)), key: pemOf(privateKey) };
}

/** `hub` is `host:port`. */
export async function postJson(hub: string, path: string, body: unknown, identity?: Issued): Promise<HttpAnswer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const call = request(`https://${hub}${path}`, {
    method: 'POST',
    rejectUnauthorized: false,
    agent: false,
    timeout: 120_000,
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
    ...(identity === undefined ? {} : identity),
  });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  call.on('timeout', () => call.destroy(new Error(`${path} got no answer`)));
  call.once('response', resolve);
  call.once('error', reject);
  call.end(text);
  const response = await promise;
  let answer = '';
  for await (const chunk of response.setEncoding('utf8')) answer += String(chunk);
  return { status: response.statusCode ?? 0, body: jsonOrNothing(answer), text: answer };
}

function drawnId(): string {
  return randomBytes(16).toString('hex');
}

function newKey(): { privateKey: KeyObject; publicKey: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey: pair.privateKey, publicKey: pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64') };
}

function proofOf(key: KeyObject, text: string): string {
  return sign('sha256', Buffer.from(text), key).toString('base64');
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' });
}

function jsonOrNothing(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
