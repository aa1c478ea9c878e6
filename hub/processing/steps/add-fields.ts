import type { MutableFields } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';

/** As `record.merge`, with an object that is the record's from now on: where it has no fields yet nothing is copied. */
export function addFields(record: PipelineRecord, added: MutableFields): void {
  if (hasNone(record.fields)) record.replace(added);
  else record.merge(added);
}

function hasNone(fields: object): boolean {
  for (const name in fields) if (Object.hasOwn(fields, name)) return false;
  return true;
}
