import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { suite, test } from 'node:test';

/** Rules that no linter of ours has. Each prints file:line of what breaks it. */
const repository = join(import.meta.dirname, '..');

interface SourceFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly lines: readonly string[];
}

const linesMax = 500;

/** What a workspace may import. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  shared: ['shared'],
  protocol: ['shared', 'protocol'],
  agent: ['shared', 'protocol', 'agent'],
  hub: ['shared', 'protocol', 'hub'],
  packaging: ['shared', 'protocol', 'agent', 'hub', 'packaging'],
};

/** Programs of their own: nobody imports them, people and other programs start them. */
const entryPoint = /^(?:scripts\/[^/]+|packaging\/.+|[a-z]+\/generate|.*\/main|.*\.test|test\/.+)\.tsx?$/;

const all = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
  cwd: repository,
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => path !== '' && !/\.(?:bin|png|zst|gz|db)$/.test(path));
const files: SourceFile[] = all.flatMap((path) => readIfThere(path));
const code = files.filter(({ path }) => /\.(?:tsx?|mjs)$/.test(path) && !path.includes('/generated/'));
const typescript = code.filter(({ path }) => /\.tsx?$/.test(path));
const pages = files.filter(({ path }) => path.endsWith('.md'));

const users = new Map<string, string[]>();
for (const { path, lines } of code) {
  for (const wanted of lines.flatMap((line) => mentionedFiles(path, line)))
    users.set(wanted, [...(users.get(wanted) ?? []), path]);
}

test('imports go one way: shared, protocol, agent or hub, packaging', () => {
  // Tests beside what they test that need a real server have it from the harness.
  const inside = typescript.filter(
    ({ path }) => !/\.(?:redis|s3|elasticsearch)\.test\.ts$|\/redis-(?:fixture|site)\.ts$/.test(path),
  );
  const wrong = places(inside, ({ path }, line) => {
    const allowed = mayImport[folderOf(path)];
    const wanted = importedFile(path, line);
    return allowed !== undefined && wanted !== undefined && !allowed.includes(folderOf(wanted));
  });
  assert.deepEqual(wrong, []);
});

test(`no file is longer than ${linesMax} lines`, () => {
  const long = typescript.filter(({ lines }) => lines.length > linesMax);
  assert.deepEqual(
    long.map(({ path, lines }) => `${path}:${lines.length}`),
    [],
  );
});

test('only main.ts, scripts and tests look at the environment and the command line', () => {
  const inside = typescript.filter(
    ({ path }) => /^(?:shared|protocol|agent|hub)\//.test(path) && !entryPoint.test(path) && !isOfTests(path),
  );
  assert.deepEqual(
    places(inside, (_, line) => /\bprocess\.(?:env|argv)\b/.test(line) && !isComment(line)),
    [],
  );
});

test('what only Linux has is in files that say so', () => {
  const linuxOnly = /['"`](?:\/proc\/|\/sys\/|\/dev\/|\/etc\/machine-id)|libc\.so/;
  const inside = typescript.filter(({ path }) => /^(?:shared|protocol|agent|hub)\//.test(path) && !isOfTests(path));
  const elsewhere = inside.filter(({ path }) => !/(?:^|\/)linux(?:\/|[-.])|\.test\.ts$|\/options\.ts$/.test(path));
  assert.deepEqual(
    places(elsewhere, (_, line) => linuxOnly.test(line) && !isComment(line)),
    [],
  );
});

test('every file is used by something other than its own test', () => {
  const dead = typescript.filter(({ path }) => usersOf(path).length === 0 && !entryPoint.test(path));
  assert.deepEqual(
    dead.map(({ path }) => `${path}:1`),
    [],
  );
});

suite('no file names', () => {
  test('the host of a package registry', () => {
    const host = /\bregistry\.(?!example\b)[a-z]+\.[a-z]|\b(?:npmjs|yarnpkg|npmmirror)\.(?:org|com)\b/;
    assert.deepEqual(
      places(files, (_, line) => host.test(line)),
      [],
    );
  });

  test('a folder that only one machine has', () => {
    const folder = /(?<![\w.$}])\/(?:home|Users|work|root)\/\w{2}|\/tmp\/lab\b/;
    const ours = files.filter(({ path }) => path !== 'test/tidy.test.ts');
    assert.deepEqual(
      places(ours, (_, line) => folder.test(line)),
      [],
    );
  });

  test('where a package of the lockfile comes from', () => {
    const lockfiles = files.filter(({ path }) => /(?:pnpm-lock\.yaml|package-lock\.json)$/.test(path));
    assert.ok(lockfiles.length > 0);
    assert.deepEqual(
      places(lockfiles, (_, line) => /^\s*(?:tarball|registry|resolved)\b/.test(line) || /\bresolution:.*https?:/.test(line)),
      [],
    );
  });
});

test('nothing is left to do, and no test runs alone', () => {
  const marker = new RegExp(String.raw`\b(?:TO${''}DO|FIX${''}ME|XX${''}X)\b|\b(?:test|suite|it|describe)\.only\(`);
  assert.deepEqual(
    places(code, (_, line) => marker.test(line)),
    [],
  );
});

test('zod is imported as a namespace, or its texts in fifty languages go into every bundle', () => {
  assert.deepEqual(
    places(typescript, (_, line) => /^import (?!type |\* as )[^'"]*from 'zod'/.test(line)),
    [],
  );
});

test('every page of the documentation has one title, in its first line', () => {
  const wrong = pages.flatMap(({ path, lines }) => {
    const titles = titleLines(lines);
    return titles.length === 1 && titles[0] === 1 ? [] : [`${path}:${titles[1] ?? 1}`];
  });
  assert.deepEqual(wrong, []);
});

test('links between pages lead somewhere', () => {
  const there = new Set(all);
  const wrong = places(pages, ({ path }, line) =>
    [...line.matchAll(/\]\((?!\w+:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].some(([, target = '']) => {
      const wanted = normalize(join(dirname(path), target)).replace(/\/$/, '');
      return !there.has(wanted) && !all.some((other) => other.startsWith(`${wanted}/`));
    }),
  );
  assert.deepEqual(wrong, []);
});

/** Who imports or starts a file, its own test left out. */
function usersOf(path: string): string[] {
  return (users.get(path) ?? []).filter((user) => user !== path.replace(/\.ts$/, '.test.ts'));
}

/** A program that only tests start has no main.ts above it. */
function isOfTests(path: string): boolean {
  const known = usersOf(path);
  return known.length > 0 && known.every((user) => user.endsWith('.test.ts') || user.startsWith('test/'));
}

/** Others may be changing files while this runs; one that is gone breaks no rule. */
function readIfThere(path: string): SourceFile[] {
  try {
    return [{ path, lines: readFileSync(join(repository, path), 'utf8').replace(/\n$/, '').split('\n') }];
  } catch {
    return [];
  }
}

function places(among: readonly SourceFile[], isWrong: (file: SourceFile, line: string) => boolean): string[] {
  return among.flatMap((file) =>
    file.lines.flatMap((line, index) => (isWrong(file, line) ? [`${file.path}:${index + 1}: ${line.trim().slice(0, 100)}`] : [])),
  );
}

function folderOf(path: string): string {
  return path.slice(0, path.indexOf('/'));
}

function isComment(line: string): boolean {
  return /^\s*(?:\/\/|\/?\*)/.test(line);
}

function importedFile(path: string, line: string): string | undefined {
  const [, specifier] = /(?:\bfrom|\bimport\(?) ?'((?:\.|@tributary\/)[^']*)'/.exec(line) ?? [];
  return specifier === undefined ? undefined : resolveFile(path, specifier);
}

/** A file is used when it is imported, started as a thread by its address, or named from the root of the repository. */
function mentionedFiles(path: string, line: string): string[] {
  const specifiers = [...line.matchAll(/['"`]([^'"`\s]+\.(?:tsx?|mjs))['"`]/g)].map(([, specifier = '']) => specifier);
  return specifiers.flatMap((specifier) => [resolveFile(path, specifier), normalize(specifier)]);
}

function resolveFile(path: string, specifier: string): string {
  if (specifier.startsWith('@tributary/')) return specifier.slice('@tributary/'.length);
  return normalize(join(dirname(path), specifier));
}

function titleLines(lines: readonly string[]): number[] {
  let inCode = false;
  return lines.flatMap((line, index) => {
    if (line.startsWith('```')) inCode = !inCode;
    return !inCode && line.startsWith('# ') ? [index + 1] : [];
  });
}
