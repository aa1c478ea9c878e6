import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import type { HubMember } from '../cluster/cluster.ts';
import { clusterMember } from '../testing/cluster-member.ts';
import { eventually } from '../testing/eventually.ts';
import { type AgentState, AgentStates } from './agents/agent-states.ts';
import type { Measured } from './charts/series-book.ts';
import { measuredFields, testAgentId, testDocument, testMeasured } from './fixture.ts';
import { ToldHubs } from './told-hubs.ts';

/** What one announces all hear, itself too. */
class Air {
  readonly #listeners = new Set<(message: string) => void>();
  readonly members: HubMember[] = [];
  said = 0;

  join(letter: string): ConstructorParameters<typeof ToldHubs>[0]['cluster'] {
    const hubId = letter.repeat(32);
    this.members.push(clusterMember(hubId));
    return {
      hubId,
      members: () => this.members,
      announce: (message) => this.say(message),
      onAnnounced: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }

  say(message: string): void {
    this.said += 1;
    for (const listener of this.#listeners) listener(message);
  }
}

function hub(
  air: Air,
  letter: string,
): { readonly hubs: ToldHubs; readonly states: AgentState[]; readonly measured: Measured[] } {
  const states: AgentState[] = [];
  const measured: Measured[] = [];
  const cluster = air.join(letter);
  const hubs = new ToldHubs({ cluster, onState: (one) => states.push(one), onMeasured: (one) => measured.push(one) });
  return { hubs, states, measured };
}

function state(): AgentState {
  const found = new AgentStates(new ManualClock()).take(testDocument(1000, measuredFields(testMeasured())));
  assert.ok(found !== undefined);
  return found;
}

const cpu = { subject: testAgentId, atMs: 1000, values: { cpu: 50 } };

test('what one hub read the others know, together and once', async () => {
  const air = new Air();
  const [one, other] = [hub(air, '1'), hub(air, '2')];
  one.hubs.add(state(), cpu);
  one.hubs.add(state(), { ...cpu, atMs: 2000 });
  await one.hubs.tell();
  await one.hubs.tell();
  await eventually('it is heard', () => other.measured.length === 2);
  assert.equal(air.said, 1);
  assert.deepEqual(other.measured[0], cpu);
  assert.deepEqual(
    other.states.map(({ measured }) => measured?.lag),
    [30],
  );
  assert.deepEqual([one.states.length, one.measured.length], [0, 0], 'nobody hears himself');
  air.say('measured no base64 of anything');
  air.say(`measured ${zstdCompressSync('{"hub":').toString('base64')}`);
  air.say(`measured ${zstdCompressSync('{"hub":7}').toString('base64')}`);
  air.say('something else');
  other.hubs.add(undefined, cpu);
  await other.hubs.tell();
  await eventually('it goes on', () => one.measured.length === 1);
  other.hubs[Symbol.dispose]();
});

test('a hub alone says nothing', async () => {
  const air = new Air();
  const { hubs } = hub(air, '1');
  hubs.add(state(), cpu);
  await hubs.tell();
  assert.equal(air.said, 0);
});
