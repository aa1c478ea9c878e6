import assert from 'node:assert/strict';
import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { KeyMaterialError, type WatchedKeyMaterial } from '@tributary/shared/tls/key-material.ts';
import { watchKeyMaterial } from '@tributary/shared/tls/watch-key-material.ts';
import { requireTool } from '../harness/require.ts';
import { TestAuthority } from '../harness/test-authority.ts';
import { until } from '../harness/until.ts';
import { OpensslFiles } from './openssl-files.ts';

/** Nothing but the watch can be as quick as these tests wait; with `polled` it is the other way round. */
const watched = { clock: systemClock, pollMs: 3_600_000, settleMs: 20 };

suite('certificates whose files change', { skip: await requireTool('openssl') }, () => {
  let files: OpensslFiles;
  const pairs: { cert: string; key: string }[] = [];

  before(async () => {
    files = await OpensslFiles.make();
    for (const name of ['first', 'second', 'third']) {
      const { cert, key } = await files.selfSigned(name);
      pairs.push({ cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') });
    }
  });

  after(async () => await files[Symbol.asyncDispose]());

  async function put(folder: string, number: number): Promise<{ cert: string; key: string }> {
    await mkdir(files.path(folder));
    const paths = { cert: files.path(`${folder}/tls.crt`), key: files.path(`${folder}/tls.key`) };
    await writeFile(paths.cert, pairs[number]?.cert ?? '');
    await writeFile(paths.key, pairs[number]?.key ?? '', { mode: 0o600 });
    return paths;
  }

  test('both written anew, half a pair in between: the last good one stays until they fit', async () => {
    const paths = await put('written', 0);
    const problems: (string | undefined)[] = [];
    const onProblem = (problem: KeyMaterialError | undefined): void => void problems.push(problem?.message);
    await using material = watchKeyMaterial(paths, { ...watched, onProblem });
    const changes: string[] = [];
    material.onChanged(({ chain }) => changes.push(chain[0]?.subject ?? ''));
    await writeFile(paths.cert, pairs[1]?.cert ?? '');
    await until('the half is told', () => material.problem !== undefined);
    assert.match(material.problem?.message ?? '', /belongs to none of its certificates/);
    assert.equal(subjectOf(material), 'CN=first');
    await writeFile(paths.key, pairs[1]?.key ?? '');
    await until('the pair is taken', () => subjectOf(material) === 'CN=second');
    assert.equal(material.problem, undefined);
    assert.deepEqual(changes, ['CN=second']);
    assert.equal(problems.length, 2);
    assert.equal(problems[1], undefined);
  });

  test('what is mended by going back is no problem any more', async () => {
    const paths = await put('back', 0);
    await using material = watchKeyMaterial(paths, watched);
    await writeFile(paths.cert, 'half of a certifi');
    await until('the damage is told', () => material.problem !== undefined);
    await writeFile(paths.cert, pairs[0]?.cert ?? '');
    await until('it is good again', () => material.problem === undefined);
    assert.equal(subjectOf(material), 'CN=first');
  });

  test('a file renamed over, as our own renewal does', async () => {
    const paths = await put('renamed', 0);
    const renewed = await files.openssl('req -x509 -key renamed/tls.key -days 9 -subj', '/CN=renewed');
    await using material = watchKeyMaterial(paths, watched);
    await writeFile(`${paths.cert}.tmp`, renewed);
    await rename(`${paths.cert}.tmp`, paths.cert);
    await until('the new one is taken', () => subjectOf(material) === 'CN=renewed');
  });

  test('a link to a folder swapped, as Kubernetes does with secrets', async () => {
    await put('2026_1', 0);
    await put('2026_2', 1);
    await mkdir(files.path('mounted'));
    await symlink('../2026_1', files.path('mounted/..data'));
    const paths = { cert: files.path('mounted/tls.crt'), key: files.path('mounted/tls.key') };
    await symlink('..data/tls.crt', paths.cert);
    await symlink('..data/tls.key', paths.key);
    await using material = watchKeyMaterial(paths, watched);
    await symlink('../2026_2', files.path('mounted/..data_tmp'));
    await rename(files.path('mounted/..data_tmp'), files.path('mounted/..data'));
    await until('what the link leads to is taken', () => subjectOf(material) === 'CN=second');
  });

  test('links to files swapped one after the other, as certbot does', async () => {
    const first = await put('archive1', 0);
    const second = await put('archive2', 1);
    await mkdir(files.path('live'));
    const paths = { cert: files.path('live/fullchain.pem'), key: files.path('live/privkey.pem') };
    await symlink(first.cert, paths.cert);
    await symlink(first.key, paths.key);
    await using material = watchKeyMaterial(paths, watched);
    for (const name of ['cert', 'key'] as const) {
      await symlink(second[name], `${paths[name]}.new`);
      await rename(`${paths[name]}.new`, paths[name]);
    }
    await until('both new ones are taken', () => subjectOf(material) === 'CN=second');
    await writeFile(second.key, pairs[2]?.key ?? '');
    await writeFile(second.cert, pairs[2]?.cert ?? '');
    await until('what changes behind the links is taken', () => subjectOf(material) === 'CN=third');
  });

  test('a folder put in the place of another is seen by looking, and watched from then on', async () => {
    const paths = await put('place', 0);
    await put('place-new', 1);
    await using material = watchKeyMaterial(paths, { ...watched, pollMs: 30 });
    await rename(files.path('place'), files.path('place-old'));
    await rename(files.path('place-new'), files.path('place'));
    await until('the files of the new folder are taken', () => subjectOf(material) === 'CN=second');
  });

  test('a new certificate that is out of date does not replace a good one', async () => {
    const paths = await put('dates', 0);
    const early = await files.openssl('req -x509 -key dates/tls.key -days 1 -subj', '/CN=early');
    // The present one holds 30 days, the new one 1: on the tenth day it is over.
    const clock = { ...systemClock, now: () => Date.now() + 10 * 24 * 3_600_000 };
    await using material = watchKeyMaterial(paths, { ...watched, clock });
    await writeFile(paths.cert, early);
    await until('it is told', () => material.problem !== undefined);
    assert.match(material.problem?.message ?? '', /the new certificate expired on .*; the one before is kept/);
    assert.equal(subjectOf(material), 'CN=first');
  });

  test('one that is not valid yet does so only where another clock than this one judges it', async () => {
    const hourMs = 3_600_000;
    const { cert, key } = await (await TestAuthority.make()).issue({ uris: [], fromMs: hourMs, untilMs: 2 * hourMs });
    const putEarly = async (takesEarly: boolean): Promise<WatchedKeyMaterial> => {
      const paths = await put(`early-${takesEarly}`, 0);
      const material = watchKeyMaterial(paths, { ...watched, takesEarly });
      await writeFile(paths.key, key);
      await writeFile(paths.cert, cert);
      return material;
    };
    await using agents = await putEarly(true);
    await until('it is taken', () => subjectOf(agents) !== 'CN=first');
    assert.equal(agents.problem, undefined);
    await using hubs = await putEarly(false);
    await until('it is told', () => /is not valid before/.test(hubs.problem?.message ?? ''));
    assert.equal(subjectOf(hubs), 'CN=first');
  });

  test('what cannot be used at the start is thrown', async () => {
    const paths = await put('start', 0);
    assert.throws(() => watchKeyMaterial({ ...paths, key: files.path('none') }, watched), KeyMaterialError);
  });
});

function subjectOf(material: WatchedKeyMaterial): string | undefined {
  return material.current.chain[0]?.subject;
}
