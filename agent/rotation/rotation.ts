/** What the parts of rotation share. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { FileSpace } from '../inputs/file/collapse.ts';
import type { Sink } from '../inputs/input.ts';
import type { RotationGroupOptions } from './options.ts';
import type { OpenQuiet } from './quiet-file.ts';
import type { RotationEvents } from './rotation-events.ts';
import type { Slots } from './slots.ts';

export interface RotationParts {
  readonly sink: Sink;
  readonly events: RotationEvents;
  readonly clock: Clock;
  readonly stop: AbortSignal;
  readonly space: FileSpace;
  readonly openQuiet: OpenQuiet;
  /** Whoever writes a copy takes one of these. */
  readonly copies: Slots;
}

export type CutMethod = 'collapse' | 'punch' | 'truncate';

export interface RotateOptions {
  readonly path: string;
  readonly stampMs: number;
  readonly group: RotationGroupOptions;
  readonly parts: RotationParts;
}

export type Rotated =
  | {
      readonly kind: 'rotated';
      readonly to: string;
      readonly bytes: number;
      readonly method: 'rename' | CutMethod;
      /** Why the new file could not be made as the options say. */
      readonly trouble?: Error;
    }
  /** Not now; `reason` is worth telling unless it is empty. */
  | { readonly kind: 'waits'; readonly reason: string };

export const unreadReason = 'no input reads the file (`unread: rotate` rotates it all the same)';

interface CodedError extends Error {
  readonly code: string;
}

/** Errors with a code are the world's; others are bugs. */
export function isSystemError(error: unknown): error is CodedError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
