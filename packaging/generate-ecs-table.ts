/**
 * Writes hub/processing/ecs/ecs-table.ts from an unpacked npm package `@elastic/ecs`: `node packaging/generate-ecs-table.ts FOLDER`, where
 * FOLDER holds its package.json. Only names and types are taken. Sets of fields that ECS has in several places are written once.
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

/** A name in the tree of fields. */
interface Branch {
  type?: string;
  readonly below: Map<string, Branch>;
}

interface EcsPackage {
  readonly EcsVersion: string;
  readonly EcsFlat: Readonly<Record<string, { readonly type: string; readonly normalize: readonly string[] }>>;
}

interface SharedSet {
  readonly name: string;
  readonly branch: Branch;
}

/** By their texts in full. */
type SharedSets = ReadonlyMap<string, SharedSet>;

const widthMax = 130;
/** Sets with shorter texts are written where they are. */
const sharedCharsMin = 60;
const none: SharedSets = new Map();

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('name the folder of an unpacked @elastic/ecs');
const content: EcsPackage = createRequire(import.meta.url)(resolve(folder));
writeFileSync(join(import.meta.dirname, '..', 'hub', 'processing', 'ecs', 'ecs-table.ts'), textOfFile(content));

function textOfFile({ EcsFlat, EcsVersion }: EcsPackage): string {
  const root = treeOf(EcsFlat);
  const shared = sharedSets(root);
  const sets = [...shared.values()].toSorted((left, right) => (left.name < right.name ? -1 : 1));
  const lines = [
    ...sets.map(({ name, branch }) => `=${name} ${textOfBelow(branch, shared)}`),
    ...sorted(root).map(([name, branch]) => textOfNamed(name, branch, shared)),
  ];
  return `/**
 * Every field of the ECS field reference, as the npm package @elastic/ecs ${EcsVersion} has it: names and types, nothing else. Written by
 * packaging/generate-ecs-table.ts, read by ecs-fields.ts.
 *
 * A name without a type is a \`keyword\`, one with \`:[]\` a \`keyword[]\`. What is in braces is below the name before it. \`name=set\`: below the
 * name is what the line that begins with \`=set\` has. A line that begins with a space belongs to the line before it.
 */
export const ecsVersion = '${EcsVersion}';

export const ecsTable = \`
${lines.map(wrapped).join('\n')}
\`;
`;
}

function treeOf(flat: EcsPackage['EcsFlat']): Branch {
  const root: Branch = { below: new Map() };
  for (const [path, { type, normalize }] of Object.entries(flat)) {
    let place = root;
    for (const name of path.split('.')) place = place.below.getOrInsertComputed(name, () => ({ below: new Map() }));
    place.type = normalize.includes('array') ? `${type}[]` : type;
  }
  return root;
}

function sharedSets(root: Branch): SharedSets {
  const found = new Map<string, { readonly name: string; readonly branch: Branch; count: number }>();
  const look = (place: Branch): void => {
    for (const [name, branch] of place.below) {
      const text = textOfBelow(branch, none);
      if (text.length >= sharedCharsMin) found.getOrInsertComputed(text, () => ({ name, branch, count: 0 })).count += 1;
      look(branch);
    }
  };
  look(root);
  const named = new Map<string, SharedSet>();
  const taken = new Set<string>();
  for (const [text, { name, branch, count }] of found) {
    if (count < 2) continue;
    let free = name;
    for (let number = 2; taken.has(free); number += 1) free = `${name}_${number}`;
    taken.add(free);
    named.set(text, { name: free, branch });
  }
  return named;
}

function textOfBelow(branch: Branch, shared: SharedSets): string {
  return sorted(branch)
    .map(([name, inner]) => textOfNamed(name, inner, shared))
    .join(' ');
}

function textOfNamed(name: string, branch: Branch, shared: SharedSets): string {
  const [only, ...others] = branch.below;
  if (only === undefined) return `${name}${textOfType(branch.type)}`;
  // An object whose fields are named is there by them.
  const type = branch.type === 'object' ? '' : textOfType(branch.type);
  if (type === '' && others.length === 0) return textOfNamed(`${name}.${only[0]}`, only[1], shared);
  const set = shared.get(textOfBelow(branch, none));
  return `${name}${type}${set === undefined ? `{ ${textOfBelow(branch, shared)} }` : `=${set.name}`}`;
}

function textOfType(type = 'keyword'): string {
  if (type === 'keyword') return '';
  return type === 'keyword[]' ? ':[]' : `:${type}`;
}

function sorted({ below }: Branch): [string, Branch][] {
  return [...below].toSorted(([left], [right]) => (left < right ? -1 : 1));
}

function wrapped(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > widthMax) {
      lines.push(line);
      line = ' ';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}
