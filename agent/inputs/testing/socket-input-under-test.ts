import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '@tributary/shared/clock.ts';
import type { Input } from '../input.ts';
import type { InputParts } from '../registry.ts';
import type { SyslogInputOptions } from '../syslog/options.ts';
import { eventually } from './input-under-test.ts';
import { type RecordedEvent, recordingEvents } from './recording-events.ts';
import { RecordingSink, type RecordedStream } from './recording-sink.ts';

export const socketOptions: SyslogInputOptions = {
  type: 'syslog',
  labels: {},
  overflow: 'block',
  encoding: 'utf-8',
  listen: [],
  plaintext: false,
  max_message_bytes: 65_536,
  max_connections: 10,
  confirm: false,
  max_senders: 10,
  sender_idle: 3_600_000,
  socket_mode: '0600',
  receive_buffer: 1_000_000,
  sockets: 1,
};

/** An input that listens, in a temporary folder, with a sink that outlives its runs. */
export class SocketInputUnderTest implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tributary-sockets-'));
  readonly events: RecordedEvent[] = [];
  readonly sink = new RecordingSink();
  readonly #create: (parts: InputParts<SyslogInputOptions>) => Input;
  readonly #clients: Socket[] = [];
  input: Input | undefined;
  run: Promise<void> = Promise.resolve();
  #abort = new AbortController();

  constructor(create: (parts: InputParts<SyslogInputOptions>) => Input) {
    this.#create = create;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Resolves when it listens everywhere, with the addresses it listens at. */
  async start(options: Partial<SyslogInputOptions>, clock: Clock = systemClock): Promise<readonly string[]> {
    this.#abort = new AbortController();
    const before = this.events.length;
    this.input = this.#create({
      name: 'test',
      options: { ...socketOptions, ...options },
      sink: this.sink,
      events: recordingEvents(this.events),
      clock,
      defaults: { tenant: 'acme', host: 'here', labels: { site: 'one' } },
    });
    this.run = this.input.run(this.#abort.signal);
    const listening = (): string[] =>
      this.events.slice(before).flatMap(([name, , address]) => (name === 'listening' ? [String(address)] : []));
    let hasEnded = false;
    const ended = (): void => void (hasEnded = true);
    this.run.then(ended, ended);
    await eventually('it listens', () => hasEnded || listening().length === options.listen?.length);
    if (hasEnded) await this.run;
    return options.listen?.map((wanted) => listening().find((address) => sameListener(address, wanted)) ?? '') ?? [];
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.run;
  }

  /** A connection to an address that `start` gave. */
  async connect(address: string | undefined): Promise<Socket> {
    assert(address !== undefined);
    const target = address.startsWith('unix:') ? { path: address.slice(5) } : { host: hostOf(address), port: portOf(address) };
    const socket = connect({ ...target, allowHalfOpen: true });
    this.#clients.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  get streams(): readonly RecordedStream[] {
    return [...this.sink.recorded.values()];
  }

  get texts(): readonly string[] {
    return this.streams.flatMap(({ texts }) => texts);
  }

  async expect(texts: readonly string[]): Promise<void> {
    await eventually('the records are pushed', () => this.texts.length >= texts.length).catch(() => undefined);
    assert.deepEqual(this.texts, texts);
  }

  eventsOf(name: RecordedEvent[0]): readonly RecordedEvent[] {
    return this.events.filter((event) => event[0] === name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#clients) socket.destroy();
    this.#abort.abort();
    await this.run.catch(() => undefined);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The same but for the port, which the system may have chosen. */
function sameListener(address: string, wanted: string): boolean {
  return address === wanted || (wanted.endsWith(':0') && address.startsWith(wanted.slice(0, -1)));
}

export function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

function hostOf(address: string): string {
  return new URL(address.replace(/^\w+/, 'http')).hostname.replaceAll(/[[\]]/g, '');
}
