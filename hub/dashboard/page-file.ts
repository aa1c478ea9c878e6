/**
 * The page as packaging/build/build-page.ts leaves it: every file of it, compressed already, in one JSON text. In the repository it lies
 * beside its source; inside an executable it is an asset.
 */
import { readFileSync } from 'node:fs';
import { getAsset, isSea } from 'node:sea';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import * as z from 'zod';

export const pageAsset = 'hub-page.json';
/** The folder of its source; what is built of it lies in `dist` there. */
export const pageSource: URL = new URL('./web/', import.meta.url);
export const packedPagePath: URL = new URL('./web/dist/page.json', import.meta.url);

const packedFile = z.strictObject({
  /** As in its address, such as `assets/main-Bx3k.js`; `index.html` is the document. */
  path: z.string(),
  type: z.string(),
  /** Of the content, for the ETag. */
  hash: z.string(),
  brotli: z.base64(),
  gzip: z.base64(),
});
export const packedPage = z.strictObject({ files: z.array(packedFile) });
export type PackedPage = z.output<typeof packedPage>;

export interface PageFile {
  readonly path: string;
  readonly type: string;
  readonly etag: string;
  readonly brotli: Buffer;
  readonly gzip: Buffer;
  /** For who takes neither. */
  plain(): Buffer;
}

/** By path. Undefined: in this copy of the repository it was not built yet. */
export function readPage(): ReadonlyMap<string, PageFile> | undefined {
  const text = isSea() ? getAsset(pageAsset, 'utf8') : readIfThere(fileURLToPath(packedPagePath));
  return text === undefined ? undefined : unpackPage(text);
}

export function unpackPage(text: string): ReadonlyMap<string, PageFile> {
  const { files } = packedPage.parse(JSON.parse(text));
  return new Map(
    files.map(({ path, type, hash, brotli, gzip }) => {
      const compressed = Buffer.from(brotli, 'base64');
      const plain = (): Buffer => brotliDecompressSync(compressed);
      return [path, { path, type, etag: `"${hash}"`, brotli: compressed, gzip: Buffer.from(gzip, 'base64'), plain }];
    }),
  );
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
