/** That the matrix finds what is not as it should be: faults of a bed that is none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bed, Fault, Health, SeenNode } from './fault.ts';
import { runFault } from './run-fault.ts';

const green = { state: 'green', reason: '', causes: [] } as const;

/** A site with an output and an agent. */
class PretendedBed implements Bed {
  readonly names = new Map([['a1b2', 'web']]);
  nodes: Readonly<Record<string, SeenNode>> = well();

  async look(): Promise<Health> {
    return new Map(Object.entries(this.nodes));
  }

  unanswered(): string {
    return '';
  }

  tail(): string {
    return '';
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function well(): Record<string, SeenNode> {
  return {
    site: { id: 'site', parent: undefined, ...green },
    'output/up': { id: 'output/up', parent: 'site', ...green },
    'agent/a1b2': { id: 'agent/a1b2', parent: 'site', ...green },
  };
}

function told(id: string, level: SeenNode['state'], reason: string): SeenNode {
  return { id, parent: id === 'site' ? undefined : 'site', state: level, reason, causes: [{ level, reason }] };
}

const away = told('output/up', 'yellow', 'it is away: start it');
const above: SeenNode = { id: 'site', parent: undefined, state: 'yellow', reason: away.reason, causes: [] };

async function problemsWith(
  more: Readonly<Record<string, SeenNode>>,
  changes: Partial<Fault<PretendedBed>> = {},
): Promise<string[]> {
  await using bed = new PretendedBed();
  const fault: Fault<PretendedBed> = {
    name: 'away',
    what: '',
    mended: '',
    make: () => void (bed.nodes = { ...well(), site: above, 'output/up': away, ...more }),
    repair: () => void (bed.nodes = well()),
    node: 'output/up',
    colour: 'yellow',
    reason: /it is away: start it/,
    ...changes,
  };
  const { problems, others } = await runFault({ bed: 'pretended', standsMs: 500 }, bed, fault);
  return [...problems.filter((problem) => !problem.startsWith('others')), ...others];
}

test('what belongs to a fault is none, all else is found', { concurrency: true }, async (t) => {
  const agent = told('agent/a1b2', 'yellow', 'it is slow');
  const cases: readonly (readonly [string, () => Promise<string[]>, readonly string[]])[] = [
    ['the fault and what is above it', () => problemsWith({}), []],
    ['another node', () => problemsWith({ 'agent/a1b2': agent }), ['agent/web yellow: it is slow']],
    ['one that depends on it', () => problemsWith({ 'agent/a1b2': agent }, { also: { 'agent/web': /it is slow/ } }), []],
    [
      'one that says something else',
      () => problemsWith({ 'agent/a1b2': agent }, { also: { 'agent/web': /it waits/ } }),
      ['agent/web yellow: it is slow'],
    ],
    [
      'what is above has a trouble of its own',
      () => problemsWith({ site: told('site', 'yellow', 'it is open') }),
      ['site yellow: it is open'],
    ],
    [
      'what is above is worse',
      () => problemsWith({ site: { ...above, state: 'red' } }),
      ['site red: of nothing below it: it is away: start it'],
    ],
    [
      'it has two causes',
      () => problemsWith({ 'output/up': { ...away, causes: [...away.causes, { level: 'yellow', reason: 'it is full' }] } }),
      ['output/up yellow: it is full'],
    ],
    [
      'it comes back',
      () => problemsWith({}, { repair: (bed) => comesBack(bed) }),
      ['it did not stay as before: output/up yellow: it is away: start it'],
    ],
  ];
  await Promise.all(
    cases.map(([name, problems, expected]) => t.test(name, async () => assert.deepEqual(await problems(), expected))),
  );
});

test('one that is worse than it ought to be is found', async () => {
  const red = { ...away, causes: [...away.causes, { level: 'red', reason: 'it is away: start it' }] };
  assert.deepEqual(await problemsWith({ 'output/up': red }), ['output/up red: it is away: start it']);
});

function comesBack(bed: PretendedBed): void {
  bed.nodes = well();
  setTimeout(() => (bed.nodes = { ...well(), site: above, 'output/up': away }), 1500);
}
