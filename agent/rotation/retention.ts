/** Which rotated files of one file are to go by count, total bytes and age. Pure. */
export interface KeepRules {
  readonly count?: number | undefined;
  readonly bytes?: number | undefined;
  /** A duration. */
  readonly age?: number | undefined;
}

export interface RotatedFile {
  readonly path: string;
  readonly stampMs: number;
  readonly bytes: number;
}

export interface Excess<File extends RotatedFile> {
  readonly file: File;
  readonly reason: 'count' | 'bytes' | 'age';
}

/** The oldest first. A file beyond a limit goes, and so does every older one. */
export function excess<File extends RotatedFile>(
  files: readonly File[],
  keep: KeepRules,
  nowMs: number,
): readonly Excess<File>[] {
  const found: Excess<File>[] = [];
  let bytes = 0;
  let reason: Excess<File>['reason'] | undefined;
  const newestFirst = files.toSorted((left, right) => right.stampMs - left.stampMs);
  for (const [index, file] of newestFirst.entries()) {
    bytes += file.bytes;
    if (keep.count !== undefined && index >= keep.count) reason ??= 'count';
    if (keep.bytes !== undefined && bytes > keep.bytes) reason ??= 'bytes';
    if (keep.age !== undefined && nowMs - file.stampMs > keep.age) reason ??= 'age';
    if (reason !== undefined) found.push({ file, reason });
  }
  return found.toReversed();
}
