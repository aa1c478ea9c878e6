/** Where a line fits what is searched for, to be shown in it. The hub decides what fits; this only shows where. */
import type { Asked } from './asked.ts';

export type Mark = readonly [start: number, end: number];

/** What is behind is not looked through: nobody sees it in a list. */
export const markedLength = 4000;
const marksMax = 200;

/** Undefined: there is nothing to mark, or nothing that this browser understands. */
export function markPattern({ mode, pattern, ignoreCase }: Pick<Asked, 'mode' | 'pattern' | 'ignoreCase'>): RegExp | undefined {
  if (pattern.trim() === '') return undefined;
  if (mode === 'text') return new RegExp(escaped(pattern), ignoreCase ? 'giu' : 'gu');
  if (mode === 'regex') return compiled(pattern, ignoreCase ? 'gi' : 'g');
  const words = wordsOf(pattern);
  return words.length === 0 ? undefined : compiled(words.map((word) => escaped(word)).join('|'), 'gi');
}

export function marksOf(line: string, pattern: RegExp): Mark[] {
  const marks: Mark[] = [];
  for (const { index, 0: found } of line.slice(0, markedLength).matchAll(pattern)) {
    if (found !== '') marks.push([index, index + found.length]);
    if (marks.length >= marksMax) break;
  }
  return marks;
}

export interface Piece {
  readonly text: string;
  readonly isMarked: boolean;
}

/** The line in pieces, in order. */
export function piecesOf(line: string, marks: readonly Mark[]): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const [start, end] of marks) {
    if (start > at) pieces.push({ text: line.slice(at, start), isMarked: false });
    pieces.push({ text: line.slice(start, end), isMarked: true });
    at = end;
  }
  if (at < line.length || pieces.length === 0) pieces.push({ text: line.slice(at), isMarked: false });
  return pieces;
}

/** Of a field query what may stand in a line: no operators, names of fields, comparisons or wildcards. */
function wordsOf(query: string): string[] {
  const found = query.matchAll(/(NOT\s+|-)?(?:[\w.@-]+:)?(?:"((?:[^"\\]|\\.)*)"|([^\s():"<>[\]{}*?]+)(?![\w.@*?-]*[:*?]))/g);
  return [...found].flatMap(([, isNot, quoted, word]) => {
    const text = quoted?.replaceAll(/\\(.)/g, '$1') ?? word ?? '';
    return isNot !== undefined || text.length < 2 || ['AND', 'OR', 'NOT', 'TO'].includes(text) ? [] : [text];
  });
}

/** Browsers of 2024 have no RegExp.escape. */
function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

function compiled(text: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(text, flags);
  } catch {
    return undefined;
  }
}
