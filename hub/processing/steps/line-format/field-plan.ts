/** Makes the nested fields of a document of a row of values, in the same order each time, so that all have one shape. */
import type { FieldPath, FieldValue, MutableFields } from '../../record/fields.ts';
import { FormatError } from './format-error.ts';

interface PlanNode {
  readonly name: string;
  /** Of the values that may be this field's, the first that there is. None for an object. */
  readonly slots: number[];
  readonly inner: PlanNode[];
}

export class FieldPlan {
  readonly #nodes: PlanNode[] = [];

  /** The value at an index is for the path at that index. Throws a FormatError. */
  constructor(paths: readonly FieldPath[]) {
    for (const [slot, path] of paths.entries()) {
      let nodes = this.#nodes;
      for (const [depth, name] of path.entries()) {
        let node = nodes.find((other) => other.name === name);
        if (node === undefined) nodes.push((node = { name, slots: [], inner: [] }));
        if (depth === path.length - 1) node.slots.push(slot);
        if (node.slots.length > 0 && (node.inner.length > 0 || depth < path.length - 1)) {
          throw new FormatError(`${path.slice(0, depth + 1).join('.')} cannot be a value and hold other fields, too`);
        }
        nodes = node.inner;
      }
    }
  }

  build(values: readonly (FieldValue | undefined)[]): MutableFields {
    return built(this.#nodes, values) ?? {};
  }
}

/** Undefined where none of them has a value. */
function built(nodes: readonly PlanNode[], values: readonly (FieldValue | undefined)[]): MutableFields | undefined {
  let fields: MutableFields | undefined;
  for (const { name, slots, inner } of nodes) {
    const value = inner.length > 0 ? built(inner, values) : firstOf(slots, values);
    if (value === undefined) continue;
    fields ??= {};
    fields[name] = value;
  }
  return fields;
}

function firstOf(slots: readonly number[], values: readonly (FieldValue | undefined)[]): FieldValue | undefined {
  for (const slot of slots) {
    const value = values[slot];
    if (value !== undefined) return value;
  }
  return undefined;
}
