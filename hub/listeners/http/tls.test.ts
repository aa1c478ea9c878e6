import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { suite, test } from 'node:test';
import { connect as connectTls, type ConnectionOptions, type SecureContextOptions } from 'node:tls';
import { type IssuedCertificate, issueAuthority, issueLeaf, keyPem, newKey } from '../../certificates/issue.ts';
import { eventually } from '../../testing/eventually.ts';
import { HttpFixture } from '../testing/http-fixture.ts';
import type { ServerTls } from './limited-server.ts';
import { startHttpListener } from './server.ts';
import { Strangers } from '../../intake/strangers.ts';
import { hubOptions } from '../../options.ts';
import { createLogger } from '@tributary/shared/log.ts';

const times = { nowMs: Date.now(), lifetimeMs: 3_600_000 };

/** A site whose hub's certificate a test changes. */
class Site {
  readonly authority: IssuedCertificate;
  readonly tls: ServerTls;
  readonly #issue: () => Promise<SecureContextOptions>;
  readonly #listeners = new Set<() => void>();
  #context: SecureContextOptions;

  static async make(): Promise<Site> {
    const key = await newKey();
    const authority = await issueAuthority({ key, commonName: 'test', ...times });
    const issue = async (): Promise<SecureContextOptions> => {
      const own = await newKey();
      const request = {
        publicKey: createPublicKey(own),
        commonName: 'hub',
        usage: 'server' as const,
        hosts: ['127.0.0.1'],
        uris: [],
        ...times,
      };
      const { pem } = await issueLeaf(request, { certificate: authority.certificate, key });
      return { cert: pem, key: keyPem(own), minVersion: 'TLSv1.3' };
    };
    return new Site(authority, issue, await issue());
  }

  private constructor(authority: IssuedCertificate, issue: () => Promise<SecureContextOptions>, context: SecureContextOptions) {
    this.authority = authority;
    this.#issue = issue;
    this.#context = context;
    const onChanged = (listener: () => void): (() => void) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    };
    this.tls = { httpContext: () => this.#context, material: { onChanged } };
  }

  async renew(): Promise<void> {
    this.#context = await this.#issue();
    for (const listener of this.#listeners) listener();
  }

  /** What a request over TLS is answered with, and the certificate it met. */
  async ask(url: string, options: ConnectionOptions = {}): Promise<{ answer: string; protocol: string | null; serial: string }> {
    const { hostname: host, port } = new URL(url);
    const socket = connectTls({ host, port: Number(port), ca: this.authority.pem, ...options });
    await once(socket, 'secureConnect');
    const [protocol, serial] = [socket.getProtocol(), socket.getPeerCertificate().serialNumber];
    socket.write('GET /live HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    return { answer: (await socket.setEncoding('utf8').toArray()).join(''), protocol, serial };
  }
}

suite('HTTP with TLS', () => {
  test('it is TLS 1.3, and a browser is told to stay with it', async () => {
    const site = await Site.make();
    await using hub = await HttpFixture.open({ tls: site.tls });
    assert.match(hub.url, /^https:/);
    const { answer, protocol } = await site.ask(hub.url);
    assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*strict-transport-security: max-age=\d+/);
    assert.equal(protocol, 'TLSv1.3');
    await assert.rejects(site.ask(hub.url, { maxVersion: 'TLSv1.2' }), { code: /PROTOCOL_VERSION|ECONNRESET/ });
  });

  test('another certificate holds from the next connection on', async () => {
    const site = await Site.make();
    await using hub = await HttpFixture.open({ tls: site.tls });
    const { serial } = await site.ask(hub.url);
    await site.renew();
    assert.notEqual((await site.ask(hub.url)).serial, serial);
  });

  test('who does not come to the end of the handshake is cut off, and holds up no stop', { timeout: 120_000 }, async () => {
    const site = await Site.make();
    await using hub = await HttpFixture.open({ tls: site.tls, http: { limits: { handshake_timeout: '300ms' } } });
    const open = (): Socket => connect({ port: Number(new URL(hub.url).port), host: '127.0.0.1' }).on('error', () => undefined);
    const [silent, plain] = [open(), open()];
    plain.write('GET /live HTTP/1.1\r\nHost: h\r\n\r\n');
    await Promise.all([once(silent, 'close'), once(plain.resume(), 'close')]);
    const late = open();
    await eventually('it is in', () => hub.listeners.status().http?.connections === 1);
    await hub.listeners.drain(10_000);
    await eventually('it is gone', () => hub.listeners.status().http?.connections === 0);
    late.destroy();
  });

  test('without TLS it listens on the loopback only, whatever the configuration let pass', async () => {
    const { http } = hubOptions.parse({ tls: {}, listeners: { http: { address: '0.0.0.0:0' } } }).listeners;
    assert.ok(http !== undefined);
    const log = createLogger({ level: 'error', sink: () => undefined });
    const strangers = new Strangers({ log, registry: undefined });
    const started = startHttpListener({
      options: http,
      tls: undefined,
      names: [],
      routes: [],
      authenticators: [],
      log,
      strangers,
    });
    await assert.rejects(started, { code: 'LISTEN_ADDRESS', message: /without TLS/ });
  });
});
