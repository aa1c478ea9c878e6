/** Gives captured headers, which HAProxy logs without their names, the fields of these. */
import { type FieldPath, fieldAt, type FieldValue, mergeFields, type MutableFields, removeField } from '../../record/fields.ts';
import { FieldPlan } from '../line-format/field-plan.ts';
import type { LineValues } from '../line-format/line-format.ts';
import type { VariableKind } from '../line-format/variables.ts';
import { type CapturedNames, headerVariable } from './sample-expressions.ts';

interface Capture {
  readonly list: FieldPath;
  readonly kinds: readonly VariableKind[];
  readonly plan: FieldPlan;
}

export class NamedHeaders {
  readonly #captures: readonly Capture[];

  constructor(names: CapturedNames) {
    this.#captures = (['request', 'response'] as const)
      .filter((message) => names[message].length > 0)
      .map((message) => {
        const kinds = names[message].map((name) => headerVariable(message, name));
        return {
          list: ['haproxy', 'http', message, 'captured_headers'],
          kinds,
          plan: new FieldPlan(kinds.flatMap(({ paths }) => paths)),
        };
      });
  }

  /** Lists that have another length than there are names stay as they are. */
  apply(fields: MutableFields): void {
    for (const { list, kinds, plan } of this.#captures) {
      const headers = fieldAt(fields, list);
      if (!Array.isArray(headers) || headers.length !== kinds.length) continue;
      const out: LineValues = { values: [], times: [] };
      let slot = 0;
      for (const [index, kind] of kinds.entries()) {
        kind.store(textOf(headers[index]), out, { slot, time: 0 });
        slot += kind.paths.length;
      }
      removeField(fields, list);
      mergeFields(fields, plan.build(out.values));
    }
  }
}

function textOf(value: FieldValue): string {
  return typeof value === 'string' ? value : '';
}
