import type { RotationGroupOptions } from './options.ts';

export type DueReason = 'size' | 'age';

export interface LogFile {
  readonly bytes: number;
  /** When it was begun or rotated last. */
  readonly begunMs: number;
}

/** Why a file is to be rotated now, by its group's limits; undefined: it is not. An empty file never is. */
export function dueReason(
  { bytes, begunMs }: LogFile,
  group: Pick<RotationGroupOptions, 'max_size' | 'max_age'>,
  nowMs: number,
): DueReason | undefined {
  if (bytes === 0) return undefined;
  if (group.max_size !== undefined && bytes >= group.max_size) return 'size';
  if (group.max_age !== undefined && nowMs - begunMs >= group.max_age) return 'age';
  return undefined;
}
