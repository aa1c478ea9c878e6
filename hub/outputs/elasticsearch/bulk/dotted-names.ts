/**
 * `"host.name": …` says the same as `"host": {"name": …}`: a document with both would have two values of one field. What a pipeline says with dots stays
 * as what it says in objects does, and ours is left out; what is only ours to say is left out of theirs.
 */
import type { Members } from './stream-texts.ts';

/** Objects of which the hub says all, and of which it says its own names. */
const [dataStream, tributary] = ['data_stream', 'tributary'];

/** Both are the same field, or one is a part of the other. */
export function isSameField(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}.`) || other.startsWith(`${one}.`);
}

/** The field that a member of one of our objects is, below that object. */
export function fieldOf(object: string, name: string): string {
  return object === 'log' && name === 'file' ? 'file.path' : name;
}

/** Takes out of our objects what these names say already. */
export function leaveTo(dotted: readonly string[], own: Map<string, Members>): void {
  for (const name of dotted) {
    const [object, rest] = parted(name);
    const ours = own.get(object);
    if (ours === undefined || object === tributary) continue;
    const left = ours.filter(([one]) => !isSameField(fieldOf(object, one), rest));
    if (left.length === 0) own.delete(object);
    else own.set(object, left);
  }
}

export function isOursToSay(name: string, own: ReadonlyMap<string, Members>): boolean {
  const [object, rest] = parted(name);
  if (object === dataStream) return true;
  return object === tributary && own.get(tributary)?.some(([one]) => isSameField(one, rest)) === true;
}

function parted(name: string): [object: string, rest: string] {
  const dot = name.indexOf('.');
  return [name.slice(0, dot), name.slice(dot + 1)];
}
