/** Which files an input reads, what their records are, and why others that its globs match are left out. */
import { constants, type Stats } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { attributesKeyOf } from '../../inputs/file/claims.ts';
import type { FileKind } from '../../inputs/file/file-kind.ts';
import { FilePatterns } from '../../inputs/file/file-patterns.ts';
import type { StreamState } from '../../inputs/input.ts';

export interface ExplainedFile {
  readonly path: string;
  readonly bytes: number;
  readonly tenant: string;
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Up to where it was read and stored, in positions of its stream; absent: it is new. */
  readonly position?: number;
}

export interface LeftOut {
  readonly path: string;
  readonly reason: string;
}

export interface ExplainedFiles {
  readonly files: readonly ExplainedFile[];
  readonly leftOut: readonly LeftOut[];
}

export interface FilesToExplain {
  readonly paths: readonly string[];
  readonly exclude: readonly string[];
  readonly ignoreOlderMs: number | undefined;
  readonly kind: FileKind;
  readonly streams: readonly StreamState[];
  readonly nowMs: number;
}

export async function explainFiles(given: FilesToExplain): Promise<ExplainedFiles> {
  const { paths, exclude } = given;
  const patterns = new FilePatterns({ paths, exclude });
  const found = await new FilePatterns({ paths, exclude: [] }).expand();
  const files: ExplainedFile[] = [];
  const leftOut: LeftOut[] = [];
  const seen = new Map<string, string>();
  for (const path of [...found].toSorted()) {
    const explained = patterns.isExcluded(path) ? 'excluded by a glob of `exclude`' : await explainFile(path, given, seen);
    if (typeof explained === 'string') leftOut.push({ path, reason: explained });
    else files.push(explained);
  }
  return { files, leftOut };
}

/** The reason when it is left out. */
async function explainFile(path: string, given: FilesToExplain, seen: Map<string, string>): Promise<ExplainedFile | string> {
  const { kind, streams, ignoreOlderMs, nowMs } = given;
  let stats: Stats;
  try {
    stats = await stat(path);
    if (!stats.isFile()) return notAFile(stats);
    await access(path, constants.R_OK);
  } catch (error) {
    return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
  const traits = await kind.traitsOf(path);
  if (traits === 'not-read') return 'include or exclude leave out its container, or it is the log of none';
  if (traits === undefined) return 'what it is cannot be told yet: its container is not described';
  const { attributes } = traits;
  const attributesKey = attributesKeyOf(attributes);
  const key = `${stats.dev}:${stats.ino} ${attributesKey}`;
  const before = seen.get(key);
  if (before !== undefined) return `the same file as ${before}`;
  seen.set(key, path);
  const stream = streams.findLast(({ identity, ended, attributes: known }) => {
    const isSame = identity.device === String(stats.dev) && identity.inode === String(stats.ino);
    return isSame && !ended && attributesKeyOf(known) === attributesKey;
  });
  const quietMs = nowMs - stats.mtimeMs;
  if (ignoreOlderMs !== undefined && quietMs > ignoreOlderMs && (stream === undefined || stream.position >= stats.size)) {
    return `not written for ${Math.round(quietMs / 1000)} s, and ignore_older is ${ignoreOlderMs / 1000} s`;
  }
  const { tenant, type, labels } = attributes;
  const place = stream === undefined ? {} : { position: stream.position };
  return { path, bytes: stats.size, tenant, type, labels, ...place };
}

function notAFile(stats: Stats): string {
  if (stats.isDirectory()) return 'is a folder';
  if (stats.isFIFO()) return 'is a FIFO, no file';
  if (stats.isSocket()) return 'is a socket, no file';
  return 'is a device, no file';
}
