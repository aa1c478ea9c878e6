/**
 * Kibana's query language as Elasticsearch's own queries: of the grammar that Kibana documents only what the dashboards use. Written from the text
 * that is in the saved objects, and for tests only, so that what Kibana would ask is asked.
 */
type Query = Readonly<Record<string, unknown>>;

const tokenPattern = /\s*(?:(?<text>"(?:[^"\\]|\\.)*")|(?<mark>[():]|>=)|(?<word>[^\s():">]+))/y;

export function queryOfKql(kql: string): Query {
  if (kql.trim() === '') return { match_all: {} };
  const reader = new TokenReader(kql);
  const query = anyOf(reader);
  reader.end();
  return query;
}

interface Token {
  readonly kind: 'text' | 'mark' | 'word' | 'end';
  readonly value: string;
}

class TokenReader {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(kql: string) {
    this.#tokens = tokensOf(kql);
  }

  get next(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', value: '' };
  }

  take(): Token {
    const token = this.next;
    this.#next += 1;
    return token;
  }

  takeIf(value: string): boolean {
    const isIt = this.next.kind !== 'text' && this.next.value.toLowerCase() === value;
    if (isIt) this.#next += 1;
    return isIt;
  }

  must(value: string): void {
    if (!this.takeIf(value)) throw new Error(`${value} is expected, and there is ${this.next.value}`);
  }

  end(): void {
    if (this.next.kind !== 'end') throw new Error(`the query goes on with ${this.next.value}`);
  }
}

function tokensOf(kql: string): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < kql.trimEnd().length) {
    const from = tokenPattern.lastIndex;
    const { text, mark, word } = tokenPattern.exec(kql)?.groups ?? {};
    if (text !== undefined) tokens.push({ kind: 'text', value: text.slice(1, -1).replaceAll(/\\(.)/g, '$1') });
    else if (mark !== undefined) tokens.push({ kind: 'mark', value: mark });
    else if (word !== undefined) tokens.push({ kind: 'word', value: word });
    else throw new Error(`KQL cannot be read from ${kql.slice(from)}`);
  }
  return tokens;
}

function anyOf(reader: TokenReader): Query {
  const parts = [allOf(reader)];
  while (reader.takeIf('or')) parts.push(allOf(reader));
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { bool: { should: parts, minimum_should_match: 1 } };
}

function allOf(reader: TokenReader): Query {
  const parts = [one(reader)];
  while (reader.takeIf('and')) parts.push(one(reader));
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { bool: { filter: parts } };
}

function one(reader: TokenReader): Query {
  if (reader.takeIf('not')) return { bool: { must_not: [one(reader)] } };
  if (reader.takeIf('(')) {
    const inside = anyOf(reader);
    reader.must(')');
    return inside;
  }
  const { kind, value: field } = reader.take();
  if (kind !== 'word') throw new Error(`the name of a field is expected, and there is ${field}`);
  if (reader.takeIf('>=')) return { range: { [field]: { gte: Number(reader.take().value) } } };
  reader.must(':');
  if (!reader.takeIf('(')) return valueQuery(field, reader.take());
  const values = [valueQuery(field, reader.take())];
  while (reader.takeIf('or')) values.push(valueQuery(field, reader.take()));
  reader.must(')');
  return { bool: { should: values, minimum_should_match: 1 } };
}

function valueQuery(field: string, { kind, value }: Token): Query {
  if (kind === 'text') return { match_phrase: { [field]: value } };
  if (kind !== 'word') throw new Error(`a value of ${field} is expected`);
  return value === '*' ? { exists: { field } } : { match: { [field]: value } };
}
