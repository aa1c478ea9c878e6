import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { type PackedPage, packedPagePath, pageSource } from '@tributary/hub/dashboard/page-file.ts';
import { build, type Rolldown } from 'vite';
import { lockFolder } from './build-lock.ts';

/** The page's files as one text for `hub/dashboard/page-file.ts`, and what went into them, for the licenses. */
export interface BuiltPage {
  readonly text: string;
  readonly inputs: readonly string[];
  readonly isNew: boolean;
}

interface Stamp {
  readonly fingerprint: string;
  readonly inputs: readonly string[];
}

const source = fileURLToPath(pageSource);
const packed = fileURLToPath(packedPagePath);
const stampPath = `${packed}.stamp`;
const repository = join(import.meta.dirname, '../..');

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Builds the page unless what is there was made of the very same source; a second of work when it was not. */
export async function buildPage(): Promise<BuiltPage> {
  const fingerprint = fingerprintOf(sourceFiles());
  using _ = lockFolder(join(source, 'dist'));
  const stamp = readStamp();
  if (stamp?.fingerprint === fingerprint && existsSync(packed)) {
    return { text: readFileSync(packed, 'utf8'), inputs: stamp.inputs, isNew: false };
  }
  const { output } = await bundle();
  const text = JSON.stringify(pack(output));
  const inputs = inputsOf(output);
  replaceFile(packed, text);
  replaceFile(stampPath, [fingerprint, ...inputs].join('\n'));
  return { text, inputs, isNew: true };
}

async function bundle(): Promise<Rolldown.RolldownOutput> {
  const result = await build({
    configFile: false,
    root: source,
    base: '/',
    logLevel: 'error',
    publicDir: false,
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      write: false,
      // What light-dark() and nesting need; older browsers are told so by the page.
      target: ['chrome123', 'firefox128', 'safari17.5'],
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  });
  if (Array.isArray(result) || !('output' in result)) throw new Error('the page is one bundle');
  return result;
}

function pack(output: Rolldown.RolldownOutput['output']): PackedPage {
  return {
    files: output.map((file) => {
      const content = Buffer.from(file.type === 'chunk' ? file.code : file.source);
      const type = types[file.fileName.slice(file.fileName.lastIndexOf('.') + 1)];
      if (type === undefined) throw new Error(`${file.fileName}: this kind of file has no media type yet, see types`);
      const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
      return {
        path: file.fileName,
        type,
        hash: createHash('sha256').update(content).digest('base64url').slice(0, 22),
        brotli: brotliCompressSync(content, { params }).toString('base64'),
        gzip: gzipSync(content, { level: 9 }).toString('base64'),
      };
    }),
  };
}

/** Without what Vite puts in itself. */
function inputsOf(output: Rolldown.RolldownOutput['output']): string[] {
  const ids = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
  return ids.filter((id) => id.startsWith('/')).toSorted();
}

function sourceFiles(): string[] {
  const own = globSync('**/*.{ts,tsx,css,html,svg}', { cwd: source, exclude: ['dist/**', '**/*.test.ts'] });
  const others = ['hub/dashboard/page-paths.ts', 'packaging/build/build-page.ts', 'pnpm-lock.yaml'];
  return [...own.map((path) => join(source, path)), ...others.map((path) => join(repository, path))].toSorted();
}

function fingerprintOf(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of paths)
    hash
      .update(`${path.slice(repository.length)}\0`)
      .update(readFileSync(path))
      .update('\0');
  return hash.digest('hex');
}

/** The fingerprint in the first line, an input in each other. */
function readStamp(): Stamp | undefined {
  try {
    const [fingerprint = '', ...inputs] = readFileSync(stampPath, 'utf8').split('\n');
    return { fingerprint, inputs };
  } catch {
    return undefined;
  }
}

function replaceFile(path: string, content: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}
