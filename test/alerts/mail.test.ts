/** Mail to a real SMTP server: encrypted, signed in, and refused where it must be. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { alertChannel } from '@tributary/hub/alerts/channels/alert-channel.ts';
import { RefusedError } from '@tributary/hub/alerts/channels/refused-error.ts';
import { alertMessage } from '@tributary/hub/alerts/testing/alert-message.ts';
import { alertOptions, type ReceiverOptions } from '@tributary/hub/config/alert-options.ts';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import { type Issued, TestAuthority } from '../harness/test-authority.ts';

const how = { timeout: 10_000, page_url: 'https://logs.example.com/' };
const never = new AbortController().signal;
const password = 'swordfish';

interface Mail {
  readonly to: readonly string[];
  readonly isSecure: boolean;
  readonly user: string;
  readonly text: string;
}

class MailServer implements AsyncDisposable {
  readonly mails: Mail[] = [];
  readonly #server: SMTPServer;
  port = 0;

  private constructor(options: SMTPServerOptions) {
    this.#server = new SMTPServer({
      disableReverseLookup: true,
      onAuth: (given, _, done) => {
        if (given.password === password) done(null, { user: given.username });
        else done(new Error('who is that'));
      },
      onData: (stream, session, done) => void this.#take(stream, session).finally(() => done()),
      ...options,
    });
    // A client that goes away in the middle is told of as an error of the server.
    this.#server.on('error', () => undefined);
  }

  static async start(options: SMTPServerOptions): Promise<MailServer> {
    const made = new MailServer(options);
    const inner = made.#server.listen(0, '127.0.0.1');
    await once(inner, 'listening');
    const address = inner.address();
    assert.ok(typeof address === 'object' && address !== null);
    made.port = address.port;
    return made;
  }

  async #take(stream: Readable, { envelope, secure, user }: SMTPServerSession): Promise<void> {
    const to = envelope.rcptTo.map(({ address }) => address);
    this.mails.push({ to, isSecure: secure, user: user ?? '', text: await text(stream) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    await promise;
  }
}

function receiver(options: object): ReceiverOptions {
  const common = {
    kind: 'email',
    name: 'ops',
    host: '127.0.0.1',
    from: 'hub@example.com',
    to: ['a@example.com', 'b@example.com'],
  };
  const [parsed] = alertOptions.parse({ receivers: [{ ...common, ...options }] }).receivers;
  assert.ok(parsed);
  return parsed;
}

test('mail goes encrypted to a server that is trusted, to one that wants to know who sends', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tributary-mail-'));
  const authority = await TestAuthority.make();
  const ca = join(folder.path, 'ca.pem');
  await writeFile(ca, authority.cert);
  const { cert, key }: Issued = await authority.issue({ hosts: ['127.0.0.1'], usage: 'server' });
  const auth = { username: 'hub', password };
  for (const tls of ['starttls', 'tls'] as const) {
    await using server = await MailServer.start({ secure: tls === 'tls', cert, key });
    const { port } = server;
    await alertChannel(receiver({ port, tls, ca, ...auth }), how).send(alertMessage(), never);
    const [mail] = server.mails;
    assert.partialDeepStrictEqual(mail, { to: ['a@example.com', 'b@example.com'], isSecure: true, user: 'hub' });
    assert.match(mail?.text ?? '', /^Subject: \[main\] red: agent web1: agent-silent\r$/m);
    assert.match(mail?.text ?? '', /^Message-ID: <an-id@abab.*\.tributary>\r$/m);
    assert.match(mail?.text ?? '', /^Auto-Submitted: auto-generated\r$/im);
    assert.match(mail?.text ?? '', /^Content-Type: text\/plain/m);
    assert.match(
      mail?.text ?? '',
      /^NEW red agent web1: agent-silent, since 1970-01-01T00:00:00\.000Z\r\n {2}web1 is silent\r$/m,
    );
    const others = [
      { port, tls, ...auth },
      { port, tls, ca, username: 'hub', password: 'wrong' },
    ];
    for (const other of others) await assert.rejects(alertChannel(receiver(other), how).send(alertMessage(), never));
    assert.equal(server.mails.length, 1);
  }
});

test('nothing is said to a server that cannot encrypt, unless that is wanted', async () => {
  await using server = await MailServer.start({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'], authOptional: true });
  const { port } = server;
  await assert.rejects(alertChannel(receiver({ port }), how).send(alertMessage(), never), /STARTTLS/i);
  await alertChannel(receiver({ port, tls: 'none' }), how).send(alertMessage(), never);
  assert.deepEqual(
    server.mails.map(({ isSecure }) => isSecure),
    [false],
  );
});

test('a mail that is refused for what it says is told apart from one that may be taken later', async () => {
  for (const code of [554, 451]) {
    const refuse: SMTPServerOptions['onData'] = (stream, _, done) => {
      stream.resume();
      stream.on('end', () => done(Object.assign(new Error('not this'), { responseCode: code })));
    };
    await using server = await MailServer.start({ hideSTARTTLS: true, authOptional: true, onData: refuse });
    const sent = alertChannel(receiver({ port: server.port, tls: 'none' }), how).send(alertMessage(), never);
    await assert.rejects(sent, (error) => error instanceof RefusedError === (code === 554) && String(error).includes('not this'));
  }
});

test('a server that says nothing is given up', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  assert.ok(typeof address === 'object' && address !== null);
  try {
    const quick = { ...how, timeout: 100 };
    const options = { port: address.port, tls: 'none' };
    await assert.rejects(alertChannel(receiver(options), quick).send(alertMessage(), never), /no answer within 0\.1 s/);
    const abort = new AbortController();
    const sent = alertChannel(receiver(options), how).send(alertMessage(), abort.signal);
    await once(silent, 'connection');
    abort.abort();
    await assert.rejects(sent, /given up/);
  } finally {
    silent.close();
  }
});
