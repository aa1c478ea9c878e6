/** The audit trail on its way into the archive: hubs that are killed in the worst moment, and what each kind of act becomes. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { auditActionNames } from '@tributary/hub/platform/audit-actions.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at, textAt } from '../harness/json.ts';
import { testPrograms as programs } from '../harness/programs.ts';
import { readHubDocuments } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));

interface Told {
  readonly action: string;
  readonly sequence: unknown;
  readonly document: unknown;
}

async function trailOf(hub: HubHost): Promise<readonly Told[]> {
  return (await readHubDocuments(hub.archive))
    .filter((document) => at(document, 'tributary', 'audit') !== undefined)
    .map((document) => ({
      action: textAt(document, 'event', 'action'),
      sequence: at(document, 'tributary', 'audit', 'sequence'),
      document,
    }));
}

test(
  'an audit event is in the archive once, also when the hub is killed before it knows that it passed it on',
  { skip },
  async () => {
    await using scratch = await Scratch.make();
    await using hub = new HubHost({ programs, scratch });
    await hub.writeConfig();
    for (let kill = 0; kill < 2; kill += 1) {
      const ended = await hub.launch({ crashPoint: 'hub.audit.before-passed-on' }).exited;
      assert.equal(ended.signal, 'SIGKILL');
    }
    await hub.start();
    const pattern = 'who looked for this?';
    assert.equal((await hub.search('--tenant', 'default', '--type', 'app', '-i', pattern)).code, 0);
    const isThere = async (): Promise<boolean> => (await trailOf(hub)).some(({ action }) => action === 'archive-searched');
    await until('the search is in the archive', isThere, { detail: () => hub.program.tail() });
    await hub.program.stop();
    await hub.start();
    const both = async (): Promise<readonly Told[] | false> => {
      const trail = await trailOf(hub);
      return trail.filter(({ action }) => action === 'hub-started').length === 4 && trail;
    };
    const trail = await until('all four starts are in the archive', both, { detail: () => hub.program.tail() });
    const sequences = trail.map(({ sequence }) => sequence);
    assert.equal(new Set(sequences).size, sequences.length, `each once: ${sequences.join(' ')}`);
    const count = (name: string): number => trail.filter(({ action }) => action === name).length;
    assert.equal(count('configuration-changed'), 2, 'the first one, and the port that was taken');
    assert.equal(count('hub-stopped'), 1);
    assert.equal(count('archive-searched'), 1);
    const search = trail.find(({ action }) => action === 'archive-searched')?.document;
    assert.match(textAt(search, 'user', 'name'), /^console:/);
    assert.partialDeepStrictEqual(at(search, 'tributary', 'audit'), {
      pattern,
      pattern_kind: 'literal',
      ignore_case: true,
      tenant: 'default',
      type: 'app',
    });
    for (const { action } of trail)
      assert.ok(
        auditActionNames.some((name) => name === action),
        `${action} is in the closed list`,
      );
  },
);

test('a search whose trail cannot be written is done all the same, and says so', { skip }, async () => {
  await using scratch = await Scratch.make();
  await using hub = new HubHost({ programs, scratch });
  await hub.start();
  await hub.program.stop();
  for (const name of ['registry.db', 'registry.db-wal', 'registry.db-shm'])
    rmSync(`${hub.dataDir}/${name}`, { force: true, recursive: true });
  mkdirSync(`${hub.dataDir}/registry.db`);
  const { code, stdout, stderr } = await hub.search('--count', 'anything');
  assert.equal(code, 0);
  assert.equal(stdout, '0\n');
  assert.match(stderr, /this search is not in the audit trail: .*registry\.db is not a file/);
});
