/**
 * What is the matter with a name concerns the documents of that name: the others of a request go on. A document's own name is read from its lines, which
 * takes its time, and only where something is the matter.
 */
import type { NameTrouble } from '../setup/daily-index.ts';
import type { RequestVerdict } from './answers.ts';
import type { Range } from './piece.ts';

const notAllowed = 403;

export type NameTroubles = ReadonlyMap<string, NameTrouble>;

export interface NamedApart {
  readonly free: readonly Range[];
  /** In the order of their troubles. */
  readonly troubled: readonly Range[];
  readonly troubles: readonly NameTrouble[];
}

/** The documents of these names, and the others. */
export function apartByName(
  ranges: readonly Range[],
  isApart: (name: string) => boolean,
): { readonly free: readonly Range[]; readonly apart: readonly Range[] } {
  const free: Range[] = [];
  const apart: Range[] = [];
  for (const range of ranges) {
    const apartNames = range.piece.names.filter(isApart);
    if (apartNames.length === 0) free.push(range);
    else if (apartNames.length === range.piece.names.length) apart.push(range);
    else {
      for (let document = range.from; document < range.to; document += 1)
        extend(isApart(range.piece.placeOf(document).index) ? apart : free, range, document);
    }
  }
  return { free, apart };
}

/** Those that may go, and those whose index is in trouble: for each document of these its trouble. */
export function namedApart(ranges: readonly Range[], names: NameTroubles): NamedApart {
  const { free, apart: troubled } = apartByName(ranges, (name) => names.has(name));
  const troubles = troubled.flatMap(({ piece, from, to }) =>
    Array.from({ length: to - from }, (_, index) => names.get(piece.placeOf(from + index).index)),
  );
  return { free, troubled, troubles: troubles.filter((trouble) => trouble !== undefined) };
}

/** The last of the list goes on with this document, or it is one of its own. */
function extend(list: Range[], range: Range, document: number): void {
  const last = list.at(-1);
  const goesOn = last?.piece === range.piece && last.to === document && last.from >= range.from;
  if (goesOn) list.pop();
  list.push({ ...range, from: goesOn ? last.from : document, to: document + 1 });
}

/** Names that nothing was written under, as this hub may not: nobody relies on these, and they are not asked about. */
export function namesNotAllowed(ranges: readonly Range[], verdict: RequestVerdict): ReadonlySet<string> {
  const names = new Set<string>();
  if (verdict.kind !== 'items' || !verdict.items.some(({ status }) => status === notAllowed)) return names;
  let at = 0;
  for (const { piece, from, to } of ranges) {
    for (let document = from; document < to; document += 1) {
      if (verdict.items[at]?.status === notAllowed) names.add(piece.placeOf(document).index);
      at += 1;
    }
  }
  return names;
}
