/** Tokens that are good, used up, expired, revoked, false; and hubs that are not who the token says. By the commands that people use. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { after, before, suite, test } from 'node:test';
import { decodeEnrolmentToken, encodeEnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { AgentHost } from '../harness/agent-host.ts';
import { enrolWith, newMachine, renewWith } from '../harness/enrolment-client.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at, textAt } from '../harness/json.ts';
import { runProgram } from '../harness/program.ts';
import { testPrograms } from '../harness/programs.ts';
import { Scratch } from '../harness/scratch.ts';
import { TestAuthority } from '../harness/test-authority.ts';
import { until } from '../harness/until.ts';

const programs = testPrograms;
const escape = '\u001b';

/** A server that answers every request as well as it can, with a certificate for this very address by an authority that is not the site's. */
class Impostor implements AsyncDisposable {
  readonly #server: Server;
  requests = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Impostor> {
    const authority = await TestAuthority.make('Tributary site test');
    const { cert, key } = await authority.issue({ hosts: ['127.0.0.1', 'localhost'], usage: 'server' });
    const server = createServer({ cert: cert + authority.cert, key });
    const impostor = new Impostor(server);
    server.on('request', (_, response) => {
      impostor.requests += 1;
      response.end('{}');
    });
    server.on('upgrade', (_, socket) => {
      impostor.requests += 1;
      socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return impostor;
  }

  get port(): number {
    const address = this.#server.address();
    assert.ok(typeof address === 'object' && address !== null);
    return address.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

suite('enrolment', { timeout: 600_000 }, () => {
  let scratch: Scratch;
  let hub: HubHost;
  let agents = 0;
  before(async () => {
    scratch = await Scratch.make();
    hub = new HubHost({ programs, scratch, tls: true });
    await hub.start();
  });
  after(async () => {
    await hub[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });

  const newAgent = (hubs: readonly string[] = [hub.url]): AgentHost =>
    new AgentHost({ programs, scratch, name: `agent${(agents += 1)}`, hubs: () => hubs });

  async function refusal(token: string): Promise<string> {
    const agent = newAgent();
    await agent.writeConfig();
    const { code, stdout, stderr } = await agent.run('enroll', '--config', agent.configPath, token);
    assert.equal(code, 1, `${stdout}${stderr}`);
    assert.ok(!existsSync(`${agent.dataDir}/tls/agent.crt`), 'nothing of a refused enrolment looks like one');
    assert.ok(!stderr.includes(secretOf(token)) && !stdout.includes(secretOf(token)), 'the secret is in no message');
    return stderr;
  }

  test('the key never leaves the machine, is readable by its owner only, and the secret is nowhere on the hub’s disk', async () => {
    const token = await hub.createToken();
    const agent = newAgent();
    await agent.enroll(token);
    const key = readFileSync(`${agent.dataDir}/tls/agent.key`, 'utf8');
    assert.match(key, /PRIVATE KEY/);
    const { stdout: leaks } = await grep([hub.dataDir], [secretOf(token), key.split('\n')[1] ?? '']);
    assert.equal(leaks, '');
    const { stdout: modes } = await grep([], [], `stat -c %a '${agent.dataDir}/tls/agent.key' '${hub.dataDir}/pki/ca.key'`);
    assert.equal(modes, '600\n600\n');
  });

  test('a token used twice is refused the second time, and works again for the machine that it made', async () => {
    const text = await hub.createToken('--uses', '1');
    const agent = newAgent();
    await agent.enroll(text);
    assert.match(await refusal(text), /used/);
    // The answer may have been lost on the way: the same machine with the same key asks again. With another key it is another use.
    const again = await enrolWith(decodeEnrolmentToken(text), newMachine());
    assert.equal(at(again.body, 'error'), 'token-used-up', again.text);
    await agent.enroll(text);
  });

  test('an expired token and a revoked one are refused', async () => {
    const expiring = await hub.createToken('--ttl', '1s', '--uses', '100');
    const revoked = await hub.createToken();
    const { code, stderr } = await hub.run('token', 'revoke', '--config', hub.configPath, decodeEnrolmentToken(revoked).tokenId);
    assert.equal(code, 0, stderr);
    await until(
      'the token has expired',
      async () => at((await enrolWith(decodeEnrolmentToken(expiring), newMachine())).body, 'error') === 'token-expired',
      {
        everyMs: 200,
      },
    );
    assert.match(await refusal(expiring), /expired/);
    assert.match(await refusal(revoked), /token/);
  });

  test('a wrong secret and a token that never was are told in the same words', async () => {
    const token = decodeEnrolmentToken(await hub.createToken());
    const wrong = await enrolWith({ ...token, secret: 'A'.repeat(32) }, newMachine());
    const unknown = await enrolWith({ ...token, tokenId: 'zzzzzzzzzzzz' }, newMachine());
    assert.deepEqual([wrong.status, wrong.text], [unknown.status, unknown.text]);
    assert.equal(at(wrong.body, 'error'), 'token');
  });

  test('a token with a false fingerprint, a damaged one, and a hub that nobody reaches', async () => {
    const text = await hub.createToken();
    const token = decodeEnrolmentToken(text);
    assert.match(
      await refusal(encodeEnrolmentToken({ ...token, fingerprint: 'ab'.repeat(32) })),
      /another authority|fingerprint/,
    );
    const agent = newAgent();
    await agent.writeConfig();
    const damaged = await agent.run('enroll', '--config', agent.configPath, text.slice(0, -5));
    assert.deepEqual([damaged.code, /damaged/.test(damaged.stderr)], [2, true], damaged.stderr);
    assert.match(await refusal(encodeEnrolmentToken({ ...token, hubs: ['127.0.0.1:1'] })), /127\.0\.0\.1:1/);
    // Nothing of these tries used the token up.
    await newAgent().enroll(text);
  });

  test('an impostor with a valid certificate of another authority is refused, by enroll and by a running agent', async () => {
    await using impostor = await Impostor.start();
    const text = await hub.createToken();
    const token = decodeEnrolmentToken(text);
    const address = `127.0.0.1:${impostor.port}`;
    assert.match(await refusal(encodeEnrolmentToken({ ...token, hubs: [address] })), /another authority/);
    await using agent = newAgent([`wss://${address}`]);
    await agent.enroll(text);
    const { program } = { program: await agent.start() };
    const detail = (): string => program.tail();
    await until('the agent says why', () => /certificate of another authority.*refused/.test(program.stderr), { detail });
    await until('its status says why', async () => /another authority/.test(JSON.stringify(await agent.status()) ?? ''), {
      detail,
    });
    assert.equal(impostor.requests, 0, 'nothing was said to it');
    await program.stop();
  });

  test('nobody has the key of another certified, and nobody renews without a certificate', async () => {
    const token = decodeEnrolmentToken(await hub.createToken('--uses', '10'));
    const victim = newMachine();
    const { body, key, status, text } = await enrolWith(token, victim);
    assert.equal(status, 200, text);
    const identity = { cert: textAt(body, 'certificate'), key };
    const stolen = await enrolWith(token, { ...newMachine(), agentId: victim.agentId });
    assert.equal(at(stolen.body, 'error'), 'identity', stolen.text);
    const noProof = await enrolWith(token, newMachine(), { proof: 'AAAA' });
    assert.equal(at(noProof.body, 'error'), 'proof', noProof.text);
    const hubAddress = token.hubs[0] ?? '';
    assert.equal((await renewWith(hubAddress, identity, victim.agentId)).status, 200);
    const wrongId = await renewWith(hubAddress, identity, 'e'.repeat(32));
    assert.ok(wrongId.status >= 400, wrongId.text);
    const stranger = await (await TestAuthority.make()).issue({ uris: [] });
    assert.equal((await renewWith(hubAddress, stranger, victim.agentId)).status, 401);
  });

  test('paths and texts of strangers in a request become neither files nor lines of the log', async () => {
    const token = decodeEnrolmentToken(await hub.createToken('--uses', '50'));
    const nasty = [
      '../../../../tmp/x',
      'a\r\nX-Injected: yes',
      `${escape}[2J`,
      '\n{"log.level":"error","message":"forged"}',
      'x'.repeat(5000),
    ];
    for (const text of nasty) {
      for (const field of ['host', 'version', 'id', 'instanceId', 'kind', 'tokenId']) {
        const answer = await enrolWith(token, newMachine(), { [field]: text });
        assert.ok(!answer.text.includes('X-Injected') && !answer.text.includes(escape), answer.text);
        assert.ok(
          answer.status === 200 || (answer.status >= 400 && answer.status < 500),
          `${field}: ${answer.status} ${answer.text}`,
        );
      }
    }
    const { program } = hub;
    const lines = program.stderr.split('\n').filter((line) => line !== '');
    const odd = lines.filter((line) => !line.startsWith('{') || line.includes(escape) || line.startsWith('{"log.level":"error"'));
    assert.deepEqual(odd, []);
    const { code, stdout } = await hub.run('agent', 'list', '--config', hub.configPath);
    assert.equal(code, 0);
    assert.ok(!stdout.includes(escape) && !stdout.includes('\r'), JSON.stringify(stdout));
  });
});

function secretOf(token: string): string {
  return decodeEnrolmentToken(token).secret;
}

/** Files under the folders that hold one of the texts; or what another command says. */
async function grep(folders: readonly string[], texts: readonly string[], command?: string): Promise<{ stdout: string }> {
  const args = texts.flatMap((text) => ['-e', text]);
  if (command !== undefined) return await runProgram({ name: 'sh', command: ['sh'], args: ['-c', command] });
  return await runProgram({ name: 'grep', command: ['grep'], args: ['-rlaF', ...args, ...folders] });
}
