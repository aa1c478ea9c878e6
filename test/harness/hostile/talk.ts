import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Random } from '../random.ts';
import type { Issued } from '../test-authority.ts';

export interface Target {
  readonly port: number;
  /** Undefined: bytes as they are, whatever listens there. */
  readonly tls?: { readonly identity?: Issued | undefined };
  /** The loopback has many addresses: what is counted per address is counted for each of them. */
  readonly from?: string;
}

export interface TalkOptions {
  /** Sent once `ready` says yes to what came so far, or nothing more comes. */
  readonly afterwards?: { readonly bytes: Uint8Array; readonly ready: (answer: Buffer) => boolean };
  readonly deadlineMs?: number;
}

const answerBytesMax = 256 * 1024;
const deadlineMsDefault = 3000;

export function drawnAddress(random: Random): string {
  return `127.0.${random.below(4)}.${random.between(2, 250)}`;
}

/** Says something to a port, ends its own side, and gives what came back. Whatever the other end does is an answer. */
export async function talk(target: Target, bytes: Uint8Array, options: TalkOptions = {}): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const socket = open(target);
  const chunks: Buffer[] = [];
  let length = 0;
  let { afterwards } = options;
  const answer = (): Buffer => Buffer.concat(chunks);
  const end = (): void => {
    clearTimeout(timer);
    socket.destroy();
    resolve(answer());
  };
  const timer = setTimeout(end, options.deadlineMs ?? deadlineMsDefault);
  socket.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= answerBytesMax) chunks.push(chunk);
    if (afterwards?.ready(answer()) !== true) return;
    socket.end(afterwards.bytes);
    afterwards = undefined;
  });
  socket.on('error', () => undefined);
  socket.once('end', () => socket.end());
  socket.once('close', end);
  if (afterwards === undefined) socket.end(bytes);
  else socket.write(bytes);
  return await promise;
}

export function open({ port, tls, from }: Target): Socket {
  const address = { host: '127.0.0.1', port, ...(from === undefined ? {} : { localAddress: from }) };
  if (tls === undefined) return connectPlain(address);
  const { identity } = tls;
  // Who the hub is matters to nobody here.
  return connectTls({ ...address, rejectUnauthorized: false, ...(identity === undefined ? {} : identity) });
}
