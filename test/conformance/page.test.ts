import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '../harness/programs.ts';
import { groups } from './groups.ts';
import { fileCasesPage, pagePath } from './page.ts';

/** The formatter widens the columns of tables; words and signs stay. */
function content(page: string): string {
  return page.replaceAll(/-{3,}/g, '---').replaceAll(/\s+/g, ' ');
}

test('the page of file cases is that of the cases', () => {
  const page = readFileSync(join(repositoryRoot, pagePath), 'utf8');
  assert.equal(content(page), content(fileCasesPage()), 'run node test/conformance/write-page.ts');
});

test('there are at least sixty cases, each with a name of its own that may be a log type', () => {
  const names = groups.flatMap(({ cases }) => cases.flatMap(({ name, types = [] }) => [name, ...types]));
  assert.ok(names.length >= 60, `${names.length}`);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^[a-z0-9_]{1,50}$/);
});

test('every group was broken once, and rows of it failed', () => {
  for (const { title, broken, cases } of groups) {
    assert.ok(broken.change !== '' && broken.failed.length > 0, title);
    for (const name of broken.failed)
      assert.ok(
        cases.some((fileCase) => fileCase.name === name),
        `${name} is of ${title}`,
      );
  }
});
