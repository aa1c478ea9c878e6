import assert from 'node:assert/strict';
import { mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import type { Agent } from '../registry/registry.ts';
import { registeredAgent } from '../testing/rule-facts.ts';
import { KnownAgents, type KnownAgentsParts } from './known-agents.ts';
import { PlainAgentsFile } from './plain-agents-file.ts';

const [enrolled, plain] = ['1a'.repeat(16), '2b'.repeat(16)];
const agent = registeredAgent({ agentId: enrolled });

class Site {
  readonly clock = new ManualClock();
  agents: Agent[] = [agent];
  connections: ReturnType<KnownAgentsParts['connections']>[number][] = [];
  elsewhere = new Set<string>();
  plainElsewhere: ReturnType<KnownAgentsParts['plainElsewhere']>[number][] = [];
  readonly known = new KnownAgents({
    registry: { agents: () => this.agents },
    connections: () => this.connections,
    elsewhere: () => this.elsewhere,
    plainElsewhere: () => this.plainElsewhere,
    told: () => ({ version: '1', farewell: undefined }),
    clock: this.clock,
  });
}

test('who is enrolled is expected, wherever in the site it is connected; who is revoked is not, nor a hub of a site below', () => {
  const site = new Site();
  assert.partialDeepStrictEqual(site.known.all(), [{ agentId: enrolled, connected: false, lastSeenMs: 5, notAfterMs: 9 }]);
  site.elsewhere.add(enrolled);
  assert.partialDeepStrictEqual(site.known.all(), [{ connected: true, connectedHere: false, hereSinceMs: site.clock.now() }]);
  site.connections = [{ agentId: enrolled, host: 'web1', identity: 'agent', tenant: 'shop' }];
  assert.partialDeepStrictEqual(site.known.all(), [{ connected: true, connectedHere: true }]);
  site.agents = [
    { ...agent, state: 'revoked' },
    { ...agent, agentId: plain, kind: 'hub' },
  ];
  assert.deepEqual(site.known.all(), []);
});

test('since when it is away is known to the second, although the registry writes it down once a minute', () => {
  const site = new Site();
  site.clock.advance(1000);
  site.connections = [{ agentId: enrolled, host: 'web1', identity: 'agent', tenant: 'shop' }];
  site.known.all();
  site.connections = [];
  const leftMs = site.clock.now();
  site.known.all();
  site.clock.advance(60_000);
  assert.partialDeepStrictEqual(site.known.all(), [{ lastSeenMs: leftMs, hereSinceMs: undefined }]);
});

test('one without a certificate is expected for a day after it was here', () => {
  const site = new Site();
  site.agents = [];
  site.connections = [
    { agentId: plain, host: 'dev', identity: 'plain', tenant: undefined },
    { agentId: undefined, host: undefined, identity: 'plain', tenant: undefined },
    { agentId: enrolled, host: 'edge', identity: 'lower-site', tenant: '*' },
  ];
  assert.partialDeepStrictEqual(site.known.all(), [{ agentId: plain, tenants: 'all', connected: true, notAfterMs: undefined }]);
  site.connections = [];
  site.clock.advance(86_400_000);
  assert.partialDeepStrictEqual(site.known.all(), [{ agentId: plain, connected: false }]);
  site.clock.advance(1000);
  site.known.all();
  assert.deepEqual(site.known.all(), []);
});

test('one without a certificate that came and went between two looks is expected', () => {
  const site = new Site();
  site.agents = [];
  site.known.all();
  const leftMs = site.clock.now();
  site.known.left({ agentId: plain, host: 'dev', identity: 'plain', tenant: 'shop' });
  site.known.left({ agentId: enrolled, host: 'edge', identity: 'lower-site', tenant: '*' });
  const told = [{ agentId: plain, host: 'dev', tenants: ['shop'] }];
  assert.deepEqual(site.known.plainHere(), told, 'the other hubs hear of it');
  site.clock.advance(3000);
  const expected = [{ agentId: plain, host: 'dev', tenants: ['shop'], connected: false, lastSeenMs: leftMs }];
  assert.partialDeepStrictEqual(site.known.all(), expected);
  assert.equal(site.known.all().length, 1);
  assert.deepEqual(site.known.plainHere(), told);
  site.clock.advance(7000);
  assert.equal(site.known.all().length, 1);
  assert.deepEqual(site.known.plainHere(), [], 'for a moment');
});

/** Nobody missed one that stopped while the hub did. */
test('one without a certificate is expected over a start of the hub, and a damaged file is as none', async () => {
  await using scratch = await mkdtempDisposable(join(tmpdir(), 'tb-health-'));
  const warned: string[] = [];
  const logger = createLogger({ level: 'warn', sink: ({ message }) => warned.push(message) });
  const file = new PlainAgentsFile(scratch.path, logger);
  const site = new Site();
  site.agents = [];
  await file.write(site.known.plain);
  assert.deepEqual(await readdir(scratch.path), [], 'where all have one there is no such file');
  site.connections = [{ agentId: plain, host: 'dev', identity: 'plain', tenant: 'shop' }];
  site.known.all();
  await file.write(site.known.plain);

  const restarted = new Site();
  restarted.agents = [];
  restarted.clock.advance(3_600_000);
  restarted.known.restore(await file.read());
  const lastSeenMs = site.clock.now();
  assert.partialDeepStrictEqual(restarted.known.all(), [{ agentId: plain, tenants: ['shop'], connected: false, lastSeenMs }]);
  restarted.clock.advance(24 * 3_600_000);
  assert.deepEqual(restarted.known.all(), []);
  const early = new Site();
  early.clock.advance(site.clock.now() - early.clock.now() - 1000);
  early.known.restore(await file.read());
  assert.partialDeepStrictEqual(early.known.all(), [{}, { lastSeenMs: early.clock.now() }], 'its clock was set back');
  await writeFile(join(scratch.path, 'plain-agents.json'), '{"version":2}');
  assert.deepEqual([await file.read(), warned.length], [[], 1]);
});

/** It was red for a day, with the advice to revoke it. */
test('one without a certificate that was enrolled and revoked since is expected no more', () => {
  const site = new Site();
  site.agents = [];
  site.connections = [{ agentId: enrolled, host: 'dev', identity: 'plain', tenant: 'shop' }];
  assert.equal(site.known.all().length, 1);
  site.connections = [];
  site.agents = [{ ...agent, state: 'revoked' }];
  assert.deepEqual(site.known.all(), []);
  site.agents = [];
  assert.deepEqual(site.known.all(), [], 'nor when it is forgotten');
});

/** Only the hub to which it was connected knew it: asked of another one, the site had an agent less. */
test('one without a certificate is known wherever in the site it is connected, and for a day after it was there', () => {
  const site = new Site();
  site.agents = [];
  const told = { agentId: plain, host: 'dev', tenants: ['shop'] };
  site.plainElsewhere = [told];
  site.elsewhere.add(plain);
  assert.partialDeepStrictEqual(site.known.all(), [{ ...told, connected: true, connectedHere: false, enrolledMs: undefined }]);
  // It comes here, under a name of its own, while the other hub has not told yet that it left.
  site.connections = [{ agentId: plain, host: 'new', identity: 'plain', tenant: 'shop' }];
  assert.partialDeepStrictEqual(site.known.all(), [{ host: 'new', connected: true, connectedHere: true }]);
  site.connections = [];
  site.clock.advance(90_000_000);
  assert.partialDeepStrictEqual(site.known.all(), [{ host: 'dev', connected: true }]);
  site.plainElsewhere = [];
  site.elsewhere.clear();
  site.clock.advance(86_400_000);
  assert.partialDeepStrictEqual(site.known.all(), [{ agentId: plain, connected: false }]);
  site.clock.advance(1000);
  site.known.all();
  assert.deepEqual(site.known.all(), []);
});

test('one that was revoked and enrolled again is here since it came again, and was not seen before', () => {
  const site = new Site();
  site.agents = [registeredAgent({ agentId: enrolled, lastSeenMs: undefined })];
  site.connections = [{ agentId: enrolled, host: 'web1', identity: 'agent', tenant: 'shop' }];
  site.known.all();
  const [agents, connections] = [site.agents, site.connections];
  site.agents = [];
  site.connections = [];
  site.known.all();
  site.clock.advance(60_000);
  site.agents = agents;
  assert.partialDeepStrictEqual(site.known.all(), [{ connected: false, lastSeenMs: undefined }]);
  site.connections = connections;
  assert.partialDeepStrictEqual(site.known.all(), [{ hereSinceMs: site.clock.now() }]);
});
