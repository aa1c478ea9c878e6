/** Words of a field query, each with the column at which it begins. */
import { SearchError } from '../search-error.ts';

export type Token =
  | { readonly kind: 'word' | 'quoted'; readonly text: string; readonly column: number }
  | { readonly kind: '(' | ')' | '[' | ']' | '{' | '}' | ':' | '>' | '>=' | '<' | '<='; readonly column: number }
  | { readonly kind: 'end'; readonly column: number };

/** Ends a word, unless a backslash is before it. */
const special = new Set(['(', ')', '[', ']', '{', '}', ':', '"', '<', '>']);

export function tokensOf(query: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const character = query[at] ?? '';
    const column = at + 1;
    if (/\s/.test(character)) at += 1;
    else if (character === '"') {
      const { text, end } = quoted(query, at);
      tokens.push({ kind: 'quoted', text, column });
      at = end;
    } else if (character === '<' || character === '>') {
      const kind = query[at + 1] === '=' ? (`${character}=` as const) : character;
      tokens.push({ kind, column });
      at += kind.length;
    } else if (isMark(character) && !(character === ':' && isValue(query, at))) {
      tokens.push({ kind: character, column });
      at += 1;
    } else {
      const { text, end } = word(query, at);
      tokens.push({ kind: 'word', text, column });
      at = end;
    }
  }
  return [...tokens, { kind: 'end', column: query.length + 1 }];
}

function isMark(character: string): character is '(' | ')' | '[' | ']' | '{' | '}' | ':' {
  return special.has(character) && !['"', '<', '>'].includes(character);
}

function quoted(query: string, start: number): { readonly text: string; readonly end: number } {
  let text = '';
  let at = start + 1;
  for (;;) {
    const character = query[at];
    if (character === undefined) throw problem('the quotation mark is never closed', start + 1);
    if (character === '"') return { text, end: at + 1 };
    if (character === '\\') at += 1;
    text += query[at] ?? '';
    at += 1;
  }
}

/** A backslash stays in front of a star or a question mark, which are text then. */
function word(query: string, start: number): { readonly text: string; readonly end: number } {
  let text = '';
  let at = start;
  for (;;) {
    const character = query[at];
    if (character === undefined || /\s/.test(character) || isEnd(query, at, start)) return { text, end: at };
    if (character === '\\' && at + 1 < query.length) {
      at += 1;
      text += query[at] === '*' || query[at] === '?' ? `\\${query[at]}` : (query[at] ?? '');
    } else text += character;
    at += 1;
  }
}

/** A colon in a value, as in a time or an address, is part of it: only the first one ends the field's name. */
function isEnd(query: string, at: number, start: number): boolean {
  const character = query[at] ?? '';
  return special.has(character) && (character !== ':' || !isValue(query, start));
}

/** Whether the word at `start` is a value: behind a colon, a comparison or a bracket. */
function isValue(query: string, start: number): boolean {
  const before = query.slice(0, start).trimEnd();
  return /(?::|[<>]=?|[[{]|\bTO)$/.test(before);
}

export function problem(what: string, column: number): SearchError {
  return new SearchError('query', `query, column ${column}: ${what}`);
}
