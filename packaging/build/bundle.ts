import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { repositoryVersion } from '@tributary/shared/build-info.ts';
import { bundleProduct } from './bundle-product.ts';
import { products } from './products.ts';

/** `node packaging/build/bundle.ts`: the texts that go into the executables, as files in `dist/bundle`, to look at and to measure. */
const folder = resolve(import.meta.dirname, '../../dist/bundle');

mkdirSync(folder, { recursive: true });
for (const product of products(repositoryVersion())) {
  const { main, assets } = await bundleProduct(product);
  for (const [name, text] of [[`${product.name}.mjs`, main] as const, ...assets]) {
    writeFileSync(join(folder, name), text);
    process.stdout.write(`${join(folder, name)}  ${(text.length / 1024).toFixed(0)} KiB\n`);
  }
}
