/**
 * Names of rotated files: `app.log-20261121T181500Z`, and with `.zst` or `.gz` once it is compressed. In UTC, so that they sort by
 * time wherever and whenever they were made. The second is not taken twice for one file, and never lies before that of an older
 * one: where a clock was set back, names go on a second apart.
 *
 * What is being written is `.app.log-20261121T181500Z.zst.part` (`partPath` in inputs/file/collapse.ts).
 */
export const compressions = ['none', 'zstd', 'gzip'] as const;
export type Compression = (typeof compressions)[number];

export interface RotatedName {
  /** The file that was rotated. */
  readonly base: string;
  readonly stampMs: number;
  readonly compression: Compression;
  /** Still being written, or left over from that. */
  readonly isPart: boolean;
}

const endings: Readonly<Record<Compression, string>> = { none: '', zstd: '.zst', gzip: '.gz' };
const form = /^(\.?)(.+)-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z(\.zst|\.gz|)(\.part|)$/s;
const digits = '[0-9]';
const stampGlob = `-${digits.repeat(8)}T${digits.repeat(6)}Z`;

/** `20261121T181500Z`. */
export function stampOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

export function rotatedPath(path: string, stampMs: number, compression: Compression = 'none'): string {
  return `${path}-${stampOf(stampMs)}${endings[compression]}`;
}

/** What the name of a file says; undefined when it is no rotated file's. */
export function parseRotated(name: string): RotatedName | undefined {
  const found = form.exec(name);
  if (found === null) return undefined;
  const [, dot = '', base = '', year, month, day, hour, minute, second, ending = '', part = ''] = found;
  const isPart = part !== '';
  if (isPart && dot === '') return undefined;
  const stampMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(stampMs)) return undefined;
  const compression: Compression = ending === '.zst' ? 'zstd' : ending === '.gz' ? 'gzip' : 'none';
  return { base: isPart ? base : dot + base, stampMs, compression, isPart };
}

/** The stamp for a rotation now: not before or at any that is there. */
export function nextStampMs(nowMs: number, taken: readonly number[]): number {
  const second = Math.floor(nowMs / 1000) * 1000;
  return taken.reduce((least, stampMs) => Math.max(least, stampMs + 1000), second);
}

/**
 * Globs of what a group makes of the files its paths match that no input is to read: copies, and what is compressed, hold only what
 * was read before. A file that was renamed keeps being read, by whatever glob matches it.
 */
export function copiesOf(group: {
  readonly paths: readonly string[];
  readonly mode: 'rename' | 'copytruncate';
}): readonly string[] {
  const suffixes = [`${stampGlob}.zst`, `${stampGlob}.gz`, ...(group.mode === 'copytruncate' ? [stampGlob] : [])];
  return group.paths.flatMap((path) => suffixes.map((suffix) => path + suffix));
}

/** Globs of everything a group makes, compressed or not: never rotated again. */
export function rotatedGlobs(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => ['', '.zst', '.gz'].map((ending) => path + stampGlob + ending));
}
