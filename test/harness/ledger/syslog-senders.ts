/** Senders of syslog over TCP for the ledger. Every message says whose it is and which one. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random.ts';

const retryMs = 30;

/** `sender number`: what a message is known by. */
export type MessageName = string;

export function nameOf(message: string): MessageName | undefined {
  return / (s\d+ n\d+) /.exec(message)?.[1];
}

class Messages {
  readonly #sender: string;
  readonly #random: Random;
  /** In the order in which they were made. */
  made = 0;

  constructor(sender: string, random: Random) {
    this.#sender = sender;
    this.#random = random;
  }

  next(): { readonly name: MessageName; readonly text: string } {
    const name = `${this.#sender} n${this.made}`;
    this.made += 1;
    return { name, text: `<14>1 2026-11-21T10:00:00Z host app - - - ${name} ${'x'.repeat(this.#random.below(300))}` };
  }
}

interface SenderOptions {
  readonly sender: string;
  readonly port: number;
  readonly random: Random;
}

async function open(port: number): Promise<Socket | undefined> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  // What became of it is seen by its end.
  socket.on('error', () => undefined);
  const opened = Promise.withResolvers<Socket | undefined>();
  socket.once('connect', () => opened.resolve(socket));
  socket.once('close', () => opened.resolve(undefined));
  return await opened.promise;
}

/** Resolves when it is closed, by whatever. */
async function closeOf(socket: Socket): Promise<void> {
  const closed = Promise.withResolvers<void>();
  socket.once('close', () => closed.resolve());
  await closed.promise;
}

/**
 * Sends groups of messages, each over a connection of its own whose half it ends then, and sends a group again until it is answered `OK`
 * with its number of messages. So it knows what was taken; what it sends again may have been taken before.
 */
export class ResendingSender {
  readonly #options: SenderOptions;
  readonly #messages: Messages;
  /** Of groups that were confirmed. */
  readonly confirmed: MessageName[] = [];
  /** Bytes of the group that is on its way, as far as they were handed to the kernel. */
  inFlightBytes = 0;
  groupsSent = 0;
  groupsConfirmed = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#messages = new Messages(options.sender, options.random);
  }

  /** Until the signal is aborted, and then until the last group is confirmed. */
  async run(signal: AbortSignal): Promise<void> {
    const { random } = this.#options;
    while (!signal.aborted) {
      const group = Array.from({ length: random.between(1, 400) }, () => this.#messages.next());
      const usesOctets = random.chance(0.5);
      const frames = group.map(({ text }) => (usesOctets ? `${Buffer.byteLength(text)} ${text}` : `${text}\n`));
      while (!(await this.#isTaken(frames))) {
        await sleep(retryMs);
      }
      this.groupsConfirmed += 1;
      this.confirmed.push(...group.map(({ name }) => name));
    }
  }

  async #isTaken(frames: readonly string[]): Promise<boolean> {
    const socket = await open(this.#options.port);
    if (socket === undefined) return false;
    this.groupsSent += 1;
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    const closed = closeOf(socket);
    socket.once('end', () => socket.end());
    for (const frame of frames) {
      if (socket.destroyed || socket.readableEnded) break;
      this.inFlightBytes += frame.length;
      if (!socket.write(frame)) await Promise.race([once(socket, 'drain').catch(() => undefined), closed]);
    }
    socket.end();
    await closed;
    this.inFlightBytes = 0;
    return answer === `OK ${frames.length}\n`;
  }
}

/**
 * Sends over one connection for as long as that lives, as most senders do, and sends nothing again: what it wrote counts as sent. When
 * the agent ends its half it ends its own at a message's end and connects anew.
 */
export class PlainSender {
  readonly #options: SenderOptions;
  readonly #messages: Messages;
  readonly sent: MessageName[] = [];

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#messages = new Messages(options.sender, options.random);
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const socket = await open(this.#options.port);
      if (socket === undefined) await sleep(retryMs);
      else await this.#sendOver(socket, signal);
    }
  }

  async #sendOver(socket: Socket, signal: AbortSignal): Promise<void> {
    socket.resume();
    const closed = closeOf(socket);
    while (!socket.readableEnded && !socket.destroyed && !signal.aborted) {
      const { name, text } = this.#messages.next();
      socket.write(`${text}\n`);
      this.sent.push(name);
      if (this.#messages.made % 20 === 0) await sleep(1);
    }
    socket.end();
    await closed;
  }
}
