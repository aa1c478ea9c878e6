/**
 * Where a row has the fields of its record: in their own column; in the raw one where that is JSON itself, which a flag says of what a pipeline has
 * looked at. A document of the platform channel is JSON whether one has or not.
 */
import { platformType } from '@tributary/protocol/platform/document.ts';
import type { FrameRows } from './frame-rows.ts';

export function areFieldsRaw(rows: FrameRows, type: string): boolean {
  const hasOwn = rows.rawStart - 2 > rows.fieldsStart;
  return !hasOwn && (type === platformType || (rows.place()[2] ?? '').split(' ').includes('json'));
}
