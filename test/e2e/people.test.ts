/** People of a real site, over its TLS: the account that `init` makes, what it may do, and what the commands do to who is signed in. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { test } from 'node:test';
import { decodeEnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at, parseJson, textAt } from '../harness/json.ts';
import { testPrograms } from '../harness/programs.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

class Person {
  readonly #port: number;
  readonly #ca: string;
  #cookie = '';
  #csrfToken = '';

  constructor(port: number, ca: string) {
    this.#port = port;
    this.#ca = ca;
  }

  async ask(method: string, path: string, body?: object): Promise<Answer> {
    const answer = await this.#send(method, path, body === undefined ? '' : JSON.stringify(body));
    const [set = ''] = answer.headers['set-cookie'] ?? [];
    const token = at(answer.body, 'csrfToken');
    if (set !== '') this.#cookie = set.split(';')[0] ?? '';
    if (typeof token === 'string') this.#csrfToken = token;
    return answer;
  }

  #send(method: string, path: string, body: string): Promise<Answer> {
    const headers = {
      ...(body === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...(this.#cookie === '' ? {} : { cookie: this.#cookie, 'x-csrf-token': this.#csrfToken }),
    };
    return new Promise((resolve, reject) => {
      const asked = request(
        { host: '127.0.0.1', port: this.#port, ca: this.#ca, method, path, headers, agent: false },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (part: string) => (text += part));
          response.on('error', reject);
          response.on('end', () => {
            const isJson = response.headers['content-type']?.startsWith('application/json') === true;
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: isJson ? parseJson(text) : text });
          });
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  }
}

test('the admin of a new site signs in, and the commands reach who is signed in', { timeout: 600_000 }, async () => {
  await using scratch = await Scratch.make();
  const config = { listeners: { http: { address: '127.0.0.1:0' } } };
  await using hub = new HubHost({ programs: testPrograms, scratch, config, tls: true });
  const made = await initialized(hub);
  await hub.start();
  const person = new Person(await hub.portOf('http'), readFileSync(`${hub.dataDir}/pki/ca.crt`, 'utf8'));

  const signedIn = await person.ask('POST', '/api/v1/session', made);
  assert.equal(signedIn.status, 200, JSON.stringify(signedIn.body));
  assert.match(
    String(signedIn.headers['set-cookie']),
    /^__Host-tributary=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
  );
  assert.match(String(signedIn.headers['strict-transport-security']), /max-age/);
  assert.equal(at((await person.ask('GET', '/api/v1/status')).body, 'error'), 'password-change-required');
  const changed = { current: made.password, new: 'a password of my own' };
  assert.equal((await person.ask('POST', '/api/v1/session/password', changed)).status, 200);
  assert.equal(at((await person.ask('GET', '/api/v1/status')).body, 'program'), 'tributary-hub');

  const token = await person.ask('POST', '/api/v1/tokens', { kind: 'agent', tenant: 'shop' });
  assert.equal(token.status, 201, JSON.stringify(token.body));
  assert.deepEqual(decodeEnrolmentToken(textAt(token.body, 'token')).hubs, [`127.0.0.1:${hub.port}`]);

  const reset = await hub.run('user', 'password', made.name, '--config', hub.configPath, '--json');
  assert.equal(reset.code, 0, reset.stderr);
  await until('the session is over', async () => (await person.ask('GET', '/api/v1/session')).status === 401);
  assert.equal((await person.ask('POST', '/api/v1/session', { name: made.name, password: changed.new })).status, 401);
  const again = { name: made.name, password: textAt(parseJson(reset.stdout), 'password') };
  assert.equal((await person.ask('POST', '/api/v1/session', again)).status, 200);
  const removed = await hub.run('user', 'remove', made.name, '--config', hub.configPath);
  assert.equal(removed.code, 0, removed.stderr);
  await until('nobody is signed in', async () => (await person.ask('GET', '/api/v1/session')).status === 401);
  for (const secret of [made.password, changed.new, again.password]) assert.equal(hub.program.tail().includes(secret), false);
});

async function initialized(hub: HubHost): Promise<{ name: string; password: string }> {
  const [, name = '', password = ''] = /Sign in as (\S+) with the password {2}(\S+)/.exec(await hub.init()) ?? [];
  assert.notEqual(password, '');
  return { name, password };
}
