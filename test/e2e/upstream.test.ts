/**
 * Three levels: an edge site whose hub has two regions above it, both of which forward to the centre. Processes are killed and links cut
 * while lines are written at the edge; every site has each of them once, and the centre, which gets them by two ways, too.
 */
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { AgentHost } from '../harness/agent-host.ts';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { coverageOf } from '../harness/coverage.ts';
import { enrolBelow } from '../harness/enrol-below.ts';
import { FaultyProxy } from '../harness/faulty-proxy.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at, listAt, textAt } from '../harness/json.ts';
import { testPrograms as programs } from '../harness/programs.ts';
import { Random } from '../harness/random.ts';
import { readArchive } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));
const deadlineMs = 120_000;
const archive = { kind: 'archive', roll_interval: '300ms' };

/** A link to a hub above, that can be cut. */
async function linkTo(upper: HubHost): Promise<FaultyProxy> {
  return await FaultyProxy.start({
    tls: true,
    target: () => ({ host: '127.0.0.1', port: upper.port }),
    plan: (index) => ({ toHub: {}, toAgent: {}, ...(index % 2 === 1 ? { ending: { kind: 'cut', afterBytes: 60_000 } } : {}) }),
  });
}

/** Makes `lower` a lower site's hub of `upper`, by the commands that people use. */
async function enrol(lower: HubHost, upper: HubHost, link: FaultyProxy, output: string): Promise<void> {
  const args = await enrolBelow(lower, upper, link.port, output);
  // A configuration tool may run it every time: the token is for one use.
  if (output === 'b') assert.equal((await lower.run(...args)).code, 0);
}

test('three levels: each line is at the top once, whatever dies in between', { skip, timeout: 600_000 }, async () => {
  await using owned = new AsyncDisposableStack();
  const scratch = owned.use(await Scratch.make());
  const upstream = (name: string, hubs: readonly FaultyProxy[]): object => {
    return { kind: 'upstream', name, hubs: hubs.map(({ port }) => `wss://127.0.0.1:${port}`) };
  };
  const hub = (name: string, tls: boolean): HubHost =>
    owned.use(new HubHost({ programs, scratch, name, tls, config: { outputs: [archive] } }));
  const [centre, a, b, edge] = [hub('centre', true), hub('a', true), hub('b', true), hub('edge', false)];
  await Promise.all([centre, a, b, edge].map((one) => one.start()));
  const toCentreA = owned.use(await linkTo(centre));
  const toCentreB = owned.use(await linkTo(centre));
  const [toA, toB] = [owned.use(await linkTo(a)), owned.use(await linkTo(b))];
  await Promise.all([
    enrol(a, centre, toCentreA, 'centre'),
    enrol(b, centre, toCentreB, 'centre'),
    enrol(edge, a, toA, 'a').then(() => enrol(edge, b, toB, 'b')),
  ]);
  await a.configure({ outputs: [archive, upstream('centre', [toCentreA])] });
  await b.configure({ outputs: [archive, upstream('centre', [toCentreB])] });
  await edge.configure({ outputs: [archive, upstream('a', [toA]), upstream('b', [toB])] });
  for (const { program } of [a, b, edge]) process.kill(program.pid, 'SIGHUP');

  const log = scratch.file('app.log');
  const inputs = [{ kind: 'file', paths: [log], type: 'app' }];
  const agent = owned.use(new AgentHost({ programs, scratch, inputs, hubs: () => [edge.url] }));
  const random = new Random(11);
  let line = 0;
  const write = (): void => {
    const lines = Array.from({ length: 60 }, () => `${(line += 1)} ${random.next().toString(36)} ${random.next().toString(36)}`);
    appendFileSync(log, `${lines.join('\n')}\n`);
  };
  write();
  await agent.start();
  const detail = (): string => [centre, a, b, edge].map((one) => one.program.tail()).join('\n');
  const arrived = async (site: HubHost): Promise<number> => await archivedRawBytes(site.archive);
  const moreAtCentre = async (what: string): Promise<void> => {
    const before = await arrived(centre);
    const more = async (): Promise<boolean> => {
      write();
      return (await arrived(centre)) > before;
    };
    await until(what, more, { deadlineMs, everyMs: 30, detail });
  };
  await moreAtCentre('the first lines are at the centre');
  await a.program.kill();
  await moreAtCentre('lines come by the other region');
  toCentreB.dropAll();
  await a.start();
  await b.program.kill();
  await moreAtCentre('lines come by the first region again');
  await edge.program.kill();
  await Promise.all([b.start(), edge.start()]);
  toA.dropAll();
  await centre.program.kill();
  write();
  await centre.start();
  await moreAtCentre('lines come after the centre was killed');

  const content = readFileSync(log);
  for (const site of [edge, a, b, centre]) {
    await until('everything is archived', async () => (await arrived(site)) >= content.length, {
      deadlineMs,
      everyMs: 100,
      detail,
    });
    const streams = (await readArchive(site.archive)).filter(({ channel }) => channel === 'default/app');
    assert.deepEqual(coverageOf(content, streams), { missing: 0, doubled: 0, different: 0 });
  }
  // The top has the events of every hub below it.
  const tellers = new Set((await readArchive(centre.archive, 'platform')).flatMap(({ raw }) => hubIdsIn(raw.toString())));
  const ids = await Promise.all([edge, a, b, centre].map(async (site) => textAt(await site.status(), 'site', 'hubId')));
  assert.deepEqual(
    ids.filter((id) => !tellers.has(id)),
    [],
  );
  // The top knows how each of them is, from what they told.
  const health = await until(
    'the edge is seen below both regions',
    async () => {
      const sites = listAt(at(await centre.status(), 'sites'));
      return sites.length === 2 && sites.every((site) => listAt(at(site, 'sites')).length === 1) && sites;
    },
    { deadlineMs, detail },
  );
  const [edgeSite] = listAt(at(health[0], 'sites'));
  assert.equal(at(edgeSite, 'siteId'), textAt(await edge.status(), 'site', 'siteId'));
  assert.notEqual(at(edgeSite, 'state'), 'unknown');
  assert.equal(listAt(edgeSite, 'hubs').length, 1);
  const outputs = listAt(at(await edge.status(), 'outputs')).map((one) => [textAt(one, 'name'), textAt(one, 'state')]);
  assert.deepEqual(outputs, [
    ['archive', 'running'],
    ['a', 'running'],
    ['b', 'running'],
  ]);
});

function hubIdsIn(text: string): readonly string[] {
  return [...text.matchAll(/"agent":\{"id":"([0-9a-f]{32})"/g)].map(([, id = '']) => id);
}
