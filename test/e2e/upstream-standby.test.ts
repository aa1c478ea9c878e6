/**
 * An edge site with a region above it and a standby, both below one centre. The edge's hub is killed around the commits of its upstream; the
 * region is killed while it holds what the centre does not have; each line is at the centre once in the end.
 */
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { AgentHost } from '../harness/agent-host.ts';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { coverageOf } from '../harness/coverage.ts';
import { enrolBelow } from '../harness/enrol-below.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at, listAt, textAt } from '../harness/json.ts';
import { testPrograms as programs } from '../harness/programs.ts';
import { readArchive } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));
const archive = { kind: 'archive', roll_interval: '300ms' };

function upstream(name: string, upper: HubHost, more: object = {}): object {
  return { kind: 'upstream', name, hubs: [upper.url], ...more };
}

test('each line is at the top once by a region or its standby, whatever dies', { skip, timeout: 600_000 }, async () => {
  await using owned = new AsyncDisposableStack();
  const scratch = owned.use(await Scratch.make());
  const hub = (name: string, tls: boolean): HubHost =>
    owned.use(new HubHost({ programs, scratch, name, tls, config: { outputs: [archive] } }));
  const [centre, a, b, edge] = [hub('centre', true), hub('a', true), hub('b', true), hub('edge', false)];
  await Promise.all([centre, a, b, edge].map((one) => one.start()));
  await Promise.all([
    enrolBelow(a, centre, centre.port, 'centre'),
    enrolBelow(b, centre, centre.port, 'centre'),
    enrolBelow(edge, a, a.port, 'region_a').then(() => enrolBelow(edge, b, b.port, 'region_b')),
  ]);
  for (const region of [a, b]) {
    await region.configure({ outputs: [archive, upstream('centre', centre)] });
    process.kill(region.program.pid, 'SIGHUP');
  }
  const standby = { standby_for: 'region_a', after: '4s' };
  await edge.configure({ outputs: [archive, upstream('region_a', a), upstream('region_b', b, standby)] });
  await edge.program.kill();

  const log = scratch.file('app.log');
  let line = 0;
  /** Writes some lines, and returns how many bytes they are. */
  const write = (): number => {
    const text = `${Array.from({ length: 40 }, () => `line ${(line += 1)}`).join('\n')}\n`;
    appendFileSync(log, text);
    return text.length;
  };
  const detail = (): string => [centre, a, b, edge].map((one) => one.program.tail()).join('\n');
  const has = async (site: HubHost, bytes: number): Promise<void> => {
    const what = `${site.dataDir} has ${bytes} bytes`;
    await until(what, async () => (await archivedRawBytes(site.archive)) >= bytes, { deadlineMs: 120_000, everyMs: 50, detail });
  };
  const first = write();
  const inputs = [{ kind: 'file', paths: [log], type: 'app' }];
  const agent = owned.use(new AgentHost({ programs, scratch, inputs, hubs: () => [edge.url] }));
  // What the region answered and the edge did not note yet, and what it had just noted.
  const killed = edge.launch({ crashPoint: 'hub.upstream.before-commit:2' }).exited;
  await agent.start();
  await killed;
  await edge.launch({ crashPoint: 'hub.upstream.after-commit:2' }).exited;
  await edge.start();
  await has(centre, first);

  await centre.program.kill();
  const ofA = await archivedRawBytes(a.archive);
  const second = write();
  await has(a, ofA + second);
  await a.program.kill();
  const ofB = await archivedRawBytes(b.archive);
  const third = write();
  await has(b, ofB + third);
  await centre.start();
  await has(centre, first + third);
  assert.deepEqual(await wayOf(edge), ['region_b', undefined]);
  // What died with the region is missing at the centre, and comes with it.
  await a.start();
  await has(centre, first + second + third);
  await until('the region is sent to again', async () => (await wayOf(edge))[1] === 'region_a', { deadlineMs: 120_000, detail });
  const fourth = write();
  await has(a, ofA + second + fourth);
  await has(centre, first + second + third + fourth);

  const content = readFileSync(log);
  const atCentre = (await readArchive(centre.archive)).filter(({ channel }) => channel === 'default/app');
  assert.deepEqual(coverageOf(content, atCentre), { missing: 0, doubled: 0, different: 0 });
  assert.equal(await archivedRawBytes(b.archive), ofB + third, 'the standby was quiet before and after');
});

/** Which of the edge's upstreams each of them leaves it to: of the first, and of the standby. */
async function wayOf(edge: HubHost): Promise<readonly (string | undefined)[]> {
  const outputs = listAt(at(await edge.status(), 'outputs')).filter((one) => textAt(one, 'kind') === 'upstream');
  return outputs.map((one) => (at(one, 'quietFor') === undefined ? undefined : textAt(one, 'quietFor')));
}
