/**
 * The language of field queries:
 *
 *     query  = or
 *     or     = and { OR and }
 *     and    = not { [AND] not }          conditions beside one another are all to be met
 *     not    = [NOT | -] term
 *     term   = ( or ) | field : value | field : ( values ) | text
 *     value  = text | * | >=n | >n | <=n | <n | [a TO b] | {a TO b}
 *
 * Text is a word or in quotation marks; in a word `*` and `?` stand for any text and any character. A text without a field is looked for in the
 * line. AND, OR and NOT are capitals.
 */
import type { Comparison, Condition } from '../../outputs/archive/search/condition.ts';
import { problem, type Token, tokensOf } from './tokens.ts';

const depthMax = 32;
const conditionsMax = 200;

/** Throws a SearchError that names the column. */
export function parseFieldQuery(query: string): Condition {
  return new Parser(tokensOf(query)).parse();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;
  #conditions = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Condition {
    const condition = this.#or();
    const token = this.#peek();
    if (token.kind === ')') throw problem('this parenthesis closes nothing', token.column);
    if (token.kind !== 'end')
      throw problem(`${token.kind} is not expected here: put text that holds it in quotation marks`, token.column);
    return condition;
  }

  #or(): Condition {
    const parts = [this.#and()];
    while (this.#takeWord('OR')) parts.push(this.#and());
    return joined('or', parts);
  }

  #and(): Condition {
    const parts = [this.#not()];
    for (;;) {
      if (this.#takeWord('AND')) parts.push(this.#not());
      else if (this.#isTermNext()) parts.push(this.#not());
      else return joined('and', parts);
    }
  }

  #not(): Condition {
    if (this.#takeWord('NOT') || this.#takeWord('-')) return { kind: 'not', of: this.#nested(() => this.#not()) };
    const token = this.#peek();
    if (token.kind === 'word' && token.text.length > 1 && token.text.startsWith('-') && !/^-\d/.test(token.text)) {
      this.#next();
      const rest: Token = { kind: 'word', text: token.text.slice(1), column: token.column + 1 };
      return { kind: 'not', of: this.#term(rest) };
    }
    return this.#term(this.#next());
  }

  #term(token: Token): Condition {
    if (token.kind === '(') {
      const inner = this.#nested(() => this.#or());
      this.#expect(')', 'a parenthesis is never closed', token.column);
      return inner;
    }
    if (token.kind !== 'word' && token.kind !== 'quoted') throw this.#missing(token);
    this.#count(token);
    if (this.#peek().kind === ':') {
      this.#next();
      const field = token.text;
      if (!/^[@\w][\w@.\-/]*$/.test(field))
        throw problem('a field is a name of letters, digits, dots and underscores', token.column);
      return this.#value(field);
    }
    if (token.kind === 'word' && /^(AND|OR)$/.test(token.text))
      throw problem(`${token.text} stands between two conditions`, token.column);
    return token.kind === 'word' && hasWildcards(token.text)
      ? { kind: 'like', field: 'line', pattern: `*${token.text}*` }
      : { kind: 'word', text: plain(token.text) };
  }

  #value(field: string): Condition {
    const token = this.#next();
    switch (token.kind) {
      case 'quoted':
        return { kind: 'is', field, value: token.text };
      case 'word':
        return valueOf(field, token.text);
      case '>':
      case '>=':
      case '<':
      case '<=':
        return { kind: 'compare', field, by: token.kind, value: this.#text(`a value behind ${token.kind}`) };
      case '[':
      case '{':
        return this.#range(field, token);
      case '(': {
        const values = this.#nested(() => this.#values(field));
        this.#expect(')', 'a parenthesis is never closed', token.column);
        return values;
      }
      default:
        throw problem(`a value is missing for ${field}`, token.column);
    }
  }

  /** `status:(500 OR 502 OR >=504)` */
  #values(field: string): Condition {
    const parts = [this.#oneValue(field)];
    let by: 'and' | 'or' | undefined;
    for (;;) {
      const { kind, column } = this.#peek();
      const next = this.#takeWord('OR')
        ? 'or'
        : this.#takeWord('AND')
          ? 'and'
          : kind === ')' || kind === 'end'
            ? undefined
            : 'or';
      if (next === undefined) return joined(by ?? 'or', parts);
      if (by !== undefined && by !== next) throw problem('write parentheses around AND or OR', column);
      by = next;
      parts.push(this.#oneValue(field));
    }
  }

  #oneValue(field: string): Condition {
    this.#count(this.#peek());
    return this.#takeWord('NOT') ? { kind: 'not', of: this.#value(field) } : this.#value(field);
  }

  #range(field: string, open: Token): Condition {
    const from = this.#text('the beginning of a range');
    const to = this.#peek();
    if (!this.#takeWord('TO')) throw problem('a range is written [1 TO 5]', to.column);
    const end = this.#text('the end of a range');
    const close = this.#next();
    if (close.kind !== ']' && close.kind !== '}') throw problem('a range is never closed', open.column);
    const bounds: Condition[] = [];
    const add = (by: Comparison, value: string): void => {
      if (value !== '*') bounds.push({ kind: 'compare', field, by, value });
    };
    add(open.kind === '[' ? '>=' : '>', from);
    add(close.kind === ']' ? '<=' : '<', end);
    return bounds.length === 0 ? { kind: 'exists', field } : joined('and', bounds);
  }

  #text(what: string): string {
    const token = this.#next();
    if (token.kind === 'word' || token.kind === 'quoted') return token.text;
    throw problem(`${what} is missing`, token.column);
  }

  #isTermNext(): boolean {
    const token = this.#peek();
    if (token.kind === 'word') return token.text !== 'OR' && token.text !== 'AND';
    return token.kind === 'quoted' || token.kind === '(';
  }

  #nested<Result>(inner: () => Result): Result {
    this.#depth += 1;
    if (this.#depth > depthMax) throw problem(`at most ${depthMax} parentheses in one another`, this.#peek().column);
    const result = inner();
    this.#depth -= 1;
    return result;
  }

  #count({ column }: Token): void {
    this.#conditions += 1;
    if (this.#conditions > conditionsMax) throw problem(`at most ${conditionsMax} conditions`, column);
  }

  #missing(token: Token): Error {
    if (token.kind === 'end') return problem('a condition is missing at the end', token.column);
    return problem(`${token.kind} is not expected here: put text that holds it in quotation marks`, token.column);
  }

  #expect(kind: Token['kind'], trouble: string, column: number): void {
    if (this.#next().kind !== kind) throw problem(trouble, column);
  }

  #takeWord(text: string): boolean {
    const token = this.#peek();
    const isIt = token.kind === 'word' && token.text === text;
    if (isIt) this.#at += 1;
    return isIt;
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', column: 0 };
  }

  #next(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }
}

function valueOf(field: string, text: string): Condition {
  if (text === '*') return { kind: 'exists', field };
  return hasWildcards(text) ? { kind: 'like', field, pattern: text } : { kind: 'is', field, value: plain(text) };
}

function hasWildcards(text: string): boolean {
  return /(?<!\\)[*?]/.test(text);
}

/** Without the backslashes before stars and question marks. */
function plain(text: string): string {
  return text.replaceAll(/\\([*?])/g, '$1');
}

function joined(kind: 'and' | 'or', parts: readonly Condition[]): Condition {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind, of: parts };
}
