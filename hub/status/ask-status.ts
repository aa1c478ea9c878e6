/** The other end of the hub's socket: what commands use. */
import { request } from 'node:http';
import { actorHeader } from './status-server.ts';

const timeoutMs = 5000;
/** An operator's wish may have to wait for a reader's step under way. */
const actTimeoutMs = 60_000;

export interface HubAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Undefined when no hub runs there. Rejects when one does and gives no sense. */
export async function askStatus(socketPath: string): Promise<unknown> {
  return (await askHub(socketPath, { method: 'GET', path: '/status' }))?.body;
}

export interface HubQuestion {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** Who types. */
  readonly actor?: string;
  /** Waits no longer than this for the answer. */
  readonly timeoutMs?: number;
}

/** Undefined when no hub runs there. Rejects when one does and gives no sense. */
export async function askHub(socketPath: string, question: HubQuestion): Promise<HubAnswer | undefined> {
  const answer = await exchange(socketPath, question);
  return answer === undefined ? undefined : { status: answer.status, body: JSON.parse(answer.text) };
}

function exchange(socketPath: string, question: HubQuestion): Promise<{ status: number; text: string } | undefined> {
  const { method, path, body, actor } = question;
  const { timeoutMs: timeout = method === 'GET' ? timeoutMs : actTimeoutMs } = question;
  const headers = actor === undefined ? {} : { [actorHeader]: actor };
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, timeout, agent: false, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }));
    });
    call.on('timeout', () => call.destroy(new Error(`the hub did not answer within ${timeout / 1000} s`)));
    call.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    });
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
