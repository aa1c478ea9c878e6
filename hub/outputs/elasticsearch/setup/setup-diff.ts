/** What would change, in the form of a unified diff: one line for each value, by its path, so that it can be read and searched as text. */
import { isDeepStrictEqual } from 'node:util';
import { type ItemAction, plannedAction } from './apply-setup.ts';
import { canonical } from './marks.ts';
import { membersOf } from './setup-server.ts';
import { kindNames, pathOf } from './setup-item.ts';
import type { PlannedItem } from './setup-plan.ts';

export const actionWords: Readonly<Record<ItemAction, { readonly done: string; readonly planned: string }>> = {
  none: { done: 'is as it should be', planned: 'is as it should be' },
  created: { done: 'created', planned: 'would be created' },
  updated: { done: 'updated', planned: 'would be updated' },
  overwritten: { done: 'overwritten', planned: 'would be overwritten' },
  left: { done: 'left', planned: 'would be left' },
  refused: { done: 'refused', planned: 'refused' },
};

/** Lines without their ends; none where nothing would change. */
export function diffOf({ item, stored, state }: PlannedItem, force: boolean): string[] {
  const before = flatten(canonical(item.kind, stored));
  const after = flatten(canonical(item.kind, item.content));
  const paths = [...new Set([...after.keys(), ...before.keys()])];
  const lines: string[] = [];
  for (const path of paths) {
    const [old, now] = [before.get(path), after.get(path)];
    if (old === now) continue;
    if (old !== undefined) lines.push(`-${path}: ${old}`);
    if (now !== undefined) lines.push(`+${path}: ${now}`);
  }
  if (lines.length === 0) return [];
  const path = pathOf(item.kind, item.name);
  const action = actionWords[plannedAction({ state }, force)].planned;
  return [
    `--- ${stored === undefined ? 'nothing' : `a${path}`}`,
    `+++ b${path}`,
    `@@ ${kindNames[item.kind]} ${item.name}: ${state}, ${action} @@`,
    ...lines,
  ];
}

/** Its values by their paths. A list of plain values is one. */
function flatten(value: unknown, prefix = ''): Map<string, string> {
  const flat = new Map<string, string>();
  const isPlain = typeof value !== 'object' || value === null;
  if (isPlain || (Array.isArray(value) && value.every((one) => typeof one !== 'object')) || isDeepStrictEqual(value, {})) {
    if (value !== undefined) flat.set(prefix, JSON.stringify(value));
    return flat;
  }
  for (const [name, one] of membersOf(value)) {
    const part = Array.isArray(value) ? `[${name}]` : `${prefix === '' ? '' : '.'}${name}`;
    for (const [path, text] of flatten(one, `${prefix}${part}`)) flat.set(path, text);
  }
  return flat;
}
