import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HubMember } from '../../cluster/cluster.ts';
import { agentA, healthRules, ruleFacts, seenAgent } from '../../testing/rule-facts.ts';
import { VersionSkew } from './version-skew.ts';

const rules = healthRules({ version_skew: { after: '1m' } });

function hub(hubId: string, version: string): HubMember {
  const rest = { host: hubId, address: '', startedMs: 0, state: 'ready', connections: 0, works: true, beatMs: 0 } as const;
  return { hubId, version, ...rest };
}

test('hubs that are older than another one are told when that lasts longer than an upgrade', () => {
  const rule = new VersionSkew();
  const members = [hub('one', '1.3.0'), hub('two', '1.2.9')];
  assert.deepEqual(rule.look(ruleFacts({ members }), rules), []);
  assert.partialDeepStrictEqual(rule.look(ruleFacts({ members, monotonicMs: 60_000 }), rules), [{ subject: 'hub two' }]);
  assert.deepEqual(rule.look(ruleFacts({ members: [hub('one', '1.3.0'), hub('two', '1.3.0')], monotonicMs: 61_000 }), rules), []);
});

test('agents may be one minor version older than the hub, and no newer; of what is no version nothing is said', () => {
  const told = (version: string): string[] => {
    const rule = new VersionSkew();
    const facts = { agents: [seenAgent({ version })], version: '1.2.3' };
    rule.look(ruleFacts(facts), rules);
    return rule.look(ruleFacts({ ...facts, monotonicMs: 60_000 }), rules).map(({ subject }) => subject);
  };
  for (const version of ['1.2.3', '1.2.0', '1.1.9', 'development', '']) assert.deepEqual(told(version), []);
  for (const version of ['1.2.4', '2.0.0', '1.0.9', '0.9.0']) assert.deepEqual(told(version), [`agent ${agentA}`]);
});

/** Each of thousands of agents was yellow at a hub whose upgrade was still to come. */
test('an agent is compared with the newest hub of the site, whichever of them looks', () => {
  const rule = new VersionSkew();
  const facts = {
    agents: [seenAgent({ version: '1.3.0' })],
    version: '1.2.0',
    members: [hub('one', '1.3.0'), hub('two', '1.2.0')],
  };
  rule.look(ruleFacts(facts), rules);
  const found = rule.look(ruleFacts({ ...facts, monotonicMs: 60_000 }), rules);
  assert.deepEqual(
    found.map(({ subject }) => subject),
    ['hub two'],
  );
});
