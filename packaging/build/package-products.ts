import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { lockFolder } from './build-lock.ts';
import { bundleProduct } from './bundle-product.ts';
import { type ExecutableParts, fingerprint, writeExecutable } from './executable.ts';
import { licenseNotices } from './licenses.ts';
import { nodeBinary, ownTarget, type Target } from './node-binary.ts';
import type { Product } from './products.ts';

export interface PackageOptions {
  readonly products: readonly Product[];
  readonly target: Target;
  /** Executables for this machine go here, those for another into a folder named after the target. */
  readonly outFolder: string;
  /** Where Node for other machines is kept. */
  readonly cacheFolder: string;
}

export interface PackagedProduct {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** Bytes of the program and its threads within. */
  readonly codeBytes: number;
  readonly seconds: number;
  /** False when the executable was there already, made of the very same parts. */
  readonly isNew: boolean;
}

/** Builds what is not up to date. Bundling takes a tenth of a second, so its result is what decides. */
export async function packageProducts(options: PackageOptions): Promise<PackagedProduct[]> {
  const { products, target, outFolder, cacheFolder } = options;
  const folder = target === ownTarget() ? outFolder : join(outFolder, target);
  mkdirSync(folder, { recursive: true });
  const lock = lockFolder(outFolder);
  try {
    const binary = await nodeBinary(target, cacheFolder);
    const packaged: PackagedProduct[] = [];
    const inputs = new Set<string>();
    for (const product of products) {
      const started = performance.now();
      const bundle = await bundleProduct(product);
      for (const input of bundle.inputs) inputs.add(input);
      const path = join(folder, product.name);
      const parts = { bundle, nodeBinary: binary, nodeFlags: product.nodeFlags, withCodeCache: target === ownTarget() };
      const isNew = await bringUpToDate(path, parts, target);
      const codeBytes = [bundle.main, ...bundle.assets.values()].reduce((sum, text) => sum + text.length, 0);
      const seconds = (performance.now() - started) / 1000;
      packaged.push({ name: product.name, path, bytes: statSync(path).size, codeBytes, seconds, isNew });
    }
    writeFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), licenseNotices([...inputs], binary));
    return packaged;
  } finally {
    lock[Symbol.dispose]();
  }
}

/** Writes the executable unless it was made of the very same parts; true when it was written. */
async function bringUpToDate(path: string, parts: ExecutableParts, target: Target): Promise<boolean> {
  const stamp = join(dirname(path), `.${basename(path)}.fingerprint`);
  const wanted = fingerprint(parts, target);
  if (existsSync(path) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return false;
  // Were the stamp written last only, an interrupted build over an older executable could pass for done.
  rmSync(stamp, { force: true });
  await writeExecutable(path, parts);
  writeFileSync(stamp, wanted);
  return true;
}
