import type { Random } from '../random.ts';

/** The log types of the scenario `pipelines`; `check_pipelines.py` has what must become of a line of each. */
export const lineTypes = ['app', 'web', 'many', 'script', 'plain'] as const;
export type LineType = (typeof lineTypes)[number];

export interface LinePlace {
  readonly stream: number;
  readonly generation: number;
  readonly line: number;
  /** The oldest version of its pipeline that may work on it. */
  readonly floor: number;
}

export interface TypedLine {
  /** Ends with a newline, and has no other. */
  readonly bytes: Buffer;
  /** Into how many log types its raw bytes go. */
  readonly copies: number;
}

/** What a script does at a line that ends its thread. */
export type Deadly = 'loop' | 'fill';

/** Each has `L<stream>-<generation>-<line>-<floor>` in it, so that a reader that knows nothing else can tell where it belongs. */
export function makeTypedLine(type: LineType, place: LinePlace, random: Random): TypedLine {
  const id = `L${place.stream}-${place.generation}-${place.line}-${place.floor}`;
  const { text, copies } = makers[type](id, random);
  return lineOf(text, copies, random);
}

export function makeDeadlyLine(rule: Deadly, place: LinePlace, random: Random): TypedLine {
  const id = `L${place.stream}-${place.generation}-${place.line}-${place.floor}`;
  return lineOf(`id=${id} rule=${rule} ${words(random)}`, 1, random);
}

function lineOf(text: string, copies: number, random: Random): TypedLine {
  return { bytes: Buffer.from(`${text}${random.chance(0.1) ? '\r\n' : '\n'}`), copies };
}

interface Made {
  readonly text: string;
  readonly copies: number;
}

const makers: Readonly<Record<LineType, (id: string, random: Random) => Made>> = {
  app: makeApp,
  web: makeWeb,
  many: makeMany,
  script: makeScript,
  plain: (id, random) => ({ text: `${id} "${words(random)}",,`, copies: 1 }),
};

function makeApp(id: string, random: Random): Made {
  const text = JSON.stringify({ app: { id, took: random.below(100) }, message: words(random) });
  const dice = random.below(100);
  if (dice < 4) return { text: text.slice(0, -random.between(1, 8)), copies: 1 };
  if (dice < 6) return { text: JSON.stringify([id, words(random)]), copies: 1 };
  return { text, copies: 1 };
}

function makeWeb(id: string, random: Random): Made {
  const dice = random.below(100);
  const rule = dice < 10 ? 'drop' : dice < 30 ? 'slow' : 'keep';
  const took = random.chance(0.05) ? 'soon' : String(random.below(1000));
  const isSized = !random.chance(0.05);
  const size = isSized ? String(random.below(1e6)) : 'large';
  const text = `id=${id} rule=${rule} took=${took} size=${size} text="${words(random)}"`;
  if (random.chance(0.03)) return { text: `${text} "`, copies: 1 };
  return { text, copies: rule === 'drop' || !isSized ? 0 : 1 };
}

/** `a` stays, `b` goes to another type, `c` is dropped, `e` fails: what the line makes goes to as many types. */
function makeMany(id: string, random: Random): Made {
  const app = { id };
  if (random.chance(0.04)) return { text: JSON.stringify({ app, items: random.below(9) }), copies: 1 };
  const kinds = Array.from({ length: random.below(6) }, () => random.pick(['a', 'a', 'b', 'c', 'e']));
  const items = kinds.map((kind, index) => ({ kind, took: kind === 'e' ? 'late' : String(index), text: words(random) }));
  const copies = kinds.length === 0 ? 1 : new Set(kinds.filter((kind) => kind !== 'c')).size;
  return { text: JSON.stringify({ app, items }), copies };
}

function makeScript(id: string, random: Random): Made {
  const dice = random.below(100);
  const rule = dice < 5 ? 'throw' : dice < 10 ? 'twice' : dice < 20 ? 'other' : 'good';
  return { text: `id=${id} rule=${rule} ${words(random)}`, copies: 1 };
}

function words(random: Random): string {
  return Array.from({ length: random.between(1, 30) }, () => random.next().toString(36)).join(' ');
}
