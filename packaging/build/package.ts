import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryVersion } from '@tributary/shared/build-info.ts';
import { ownTarget, parseTarget } from './node-binary.ts';
import { packageProducts } from './package-products.ts';
import { products } from './products.ts';

/** `npm run package -- [--target linux-x64|linux-arm64] [--out FOLDER]`: both executables. */
const repository = resolve(import.meta.dirname, '../..');

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { target: { type: 'string' }, out: { type: 'string' } } });
  const target = values.target === undefined ? ownTarget() : parseTarget(values.target);
  const outFolder = values.out === undefined ? join(repository, 'dist') : resolve(process.env['INIT_CWD'] ?? '.', values.out);
  const packaged = await packageProducts({
    products: products(repositoryVersion()),
    target,
    outFolder,
    cacheFolder: join(repository, '.tools'),
  });
  for (const { path, bytes, codeBytes, seconds, isNew } of packaged) {
    const time = isNew ? `${seconds.toFixed(1)} s` : 'was up to date';
    process.stdout.write(`${path}  ${megabytes(bytes)} MB, of which ${megabytes(codeBytes)} MB code  ${time}\n`);
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`package: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
