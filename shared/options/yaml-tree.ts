import {
  type Alias,
  type Document,
  type ErrorCode,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
} from 'yaml';
import { ownText } from '../own-text.ts';
import { type ConfigProblem, formatPath, type Path } from './problem.ts';
import { substitute, type SubstitutionSource } from './substitute.ts';

/** A configuration file as plain data, with the place of every key and value in the file. */
export interface YamlTree {
  readonly data: unknown;
  /** What is wrong before any schema is asked: syntax, keys given twice, substitutions that fail. */
  readonly problems: readonly ConfigProblem[];
  /** False when the data is not what the file says, so that a schema's complaints would only mislead. */
  readonly whole: boolean;
  /** Paths of values that failed here already (substitution, alias): a schema's complaint about them is no news. */
  readonly failed: ReadonlySet<string>;
  /** How a scalar with substitutions is written in the file, by path. */
  readonly written: ReadonlyMap<string, string>;
  readonly secrets: readonly { readonly value: string; readonly written: string }[];
  /** Where the key of a path stands; else its value; else the nearest thing around it that is there. */
  placeOfKey(path: Path): Place;
  /** Where the value of a path stands, else as `placeOfKey`. */
  placeOfValue(path: Path): Place;
}

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The key under which `written` and `failed` know a path. */
export function pathKey(path: Path): string {
  return JSON.stringify(path);
}

const nodesMax = 100_000;

/** Without a source nothing is substituted. */
export function readYamlTree(file: string, text: string, source: SubstitutionSource | undefined): YamlTree {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true, logLevel: 'error' });
  const reader = new TreeReader(file, document, lines, source);
  const syntaxIsWhole = reader.takeSyntaxErrors();
  const data = syntaxIsWhole ? reader.read(document.contents, []) : undefined;
  return {
    data,
    problems: reader.problems,
    whole: syntaxIsWhole && !reader.broken,
    failed: reader.failed,
    written: reader.written,
    secrets: reader.secrets,
    placeOfKey: (path) => reader.place(path, true),
    placeOfValue: (path) => reader.place(path, false),
  };
}

class TreeReader {
  readonly problems: ConfigProblem[] = [];
  readonly failed = new Set<string>();
  readonly written = new Map<string, string>();
  readonly secrets: { value: string; written: string }[] = [];
  /** Set when the rest of the file was not taken over. */
  broken = false;
  readonly #file: string;
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  readonly #source: SubstitutionSource | undefined;
  readonly #keyOffsets = new Map<string, number>();
  readonly #valueOffsets = new Map<string, number>();
  readonly #open = new Set<Node>();
  #nodes = 0;

  constructor(file: string, document: Document.Parsed, lines: LineCounter, source: SubstitutionSource | undefined) {
    this.#file = file;
    this.#document = document;
    this.#lines = lines;
    this.#source = source;
  }

  /** A syntax error makes the parser stumble on; only the first is worth reading. Keys given twice do no such harm. */
  takeSyntaxErrors(): boolean {
    const syntax = this.#document.errors.find((error) => error.code !== 'DUPLICATE_KEY') ?? this.#document.warnings[0];
    if (syntax !== undefined) this.#report([], syntax.pos[0], explainSyntax(syntax));
    return syntax === undefined;
  }

  read(node: unknown, path: Path): unknown {
    this.#nodes += 1;
    if (this.#nodes > nodesMax) {
      if (!this.broken) this.#report([], offsetOf(node) ?? 0, { message: `the file holds more than ${nodesMax} values` });
      this.broken = true;
      return null;
    }
    if (isAlias(node)) return this.#readAlias(node, path);
    if (isMap(node)) return this.#readMap(node.items, node, path);
    if (isSeq(node)) {
      this.#mark(node, path);
      return this.#guard(node, () => node.items.map((item, index) => this.read(item, [...path, index])));
    }
    if (!isScalar(node)) return null;
    this.#mark(node, path);
    return typeof node.value === 'string' ? ownText(this.#readText(node.value, node.range?.[0] ?? 0, path)) : node.value;
  }

  place(path: Path, atKey: boolean): Place {
    for (let length = path.length; length >= 0; length -= 1) {
      const key = pathKey(path.slice(0, length));
      const keyOffset = this.#keyOffsets.get(key);
      const valueOffset = this.#valueOffsets.get(key);
      // What is missing is best shown at the key of the mapping that lacks it.
      const offset = atKey || length < path.length ? (keyOffset ?? valueOffset) : (valueOffset ?? keyOffset);
      if (offset !== undefined) return this.#placeAt(offset);
    }
    return { line: 1, column: 1 };
  }

  #readMap(items: readonly Pair[], node: Node, path: Path): unknown {
    this.#mark(node, path);
    return this.#guard(node, () => {
      const data: Record<string, unknown> = {};
      for (const { key, value } of items) {
        const offset = offsetOf(key) ?? node.range?.[0] ?? 0;
        const name = keyText(key);
        if (name === undefined || name === '__proto__') {
          this.#report(path, offset, { message: `${name ?? 'this'} cannot be a key`, hint: 'a key is a word' });
          continue;
        }
        const inner = [...path, name];
        if (Object.hasOwn(data, name)) {
          const { line } = this.place(inner, true);
          this.#report(inner, offset, { message: `is given twice, first in line ${line}` });
          continue;
        }
        this.#keyOffsets.set(pathKey(inner), offset);
        data[name] = this.read(value, inner);
      }
      return data;
    });
  }

  #readAlias(node: Alias, path: Path): unknown {
    const target = node.resolve(this.#document);
    const offset = offsetOf(node) ?? 0;
    if (target === undefined || this.#open.has(target)) {
      const message = target === undefined ? 'names no anchor that stands before it' : 'contains itself';
      this.failed.add(pathKey(path));
      this.#report(path, offset, { message: `the alias *${node.source} ${message}` });
      return undefined;
    }
    const data = this.read(target, path);
    this.#valueOffsets.set(pathKey(path), offset);
    return data;
  }

  #readText(text: string, offset: number, path: Path): string {
    if (this.#source === undefined || !text.includes('${')) return text;
    const { text: result, secrets, failures } = substitute(text, this.#source);
    const key = pathKey(path);
    this.secrets.push(...secrets);
    if (secrets.length > 0) this.written.set(key, text);
    if (failures.length > 0) this.failed.add(key);
    for (const failure of failures) this.#report(path, offset, failure);
    return result;
  }

  #guard<T>(node: Node, read: () => T): T {
    this.#open.add(node);
    const result = read();
    this.#open.delete(node);
    return result;
  }

  #mark(node: Node, path: Path): void {
    const offset = offsetOf(node);
    if (offset !== undefined) this.#valueOffsets.set(pathKey(path), offset);
  }

  #report(path: Path, offset: number, explanation: Explanation): void {
    this.problems.push({ file: this.#file, ...this.#placeAt(offset), path: formatPath(path), ...explanation });
  }

  #placeAt(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

interface Explanation {
  readonly message: string;
  readonly hint?: string;
}

function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function keyText(key: unknown): string | undefined {
  if (!isScalar(key) || key.value === null) return undefined;
  return typeof key.value === 'string' ? ownText(key.value) : key.source;
}

/** The parser's own messages may quote the file, and with it a secret; and they speak of tokens. */
function explainSyntax(error: YAMLError): Explanation {
  const unclosed = error.code === 'BAD_INDENT' && error.message.startsWith('Flow');
  const [message, hint] = unclosed ? syntaxUnclosed : (syntaxWords[error.code] ?? syntaxUnclear);
  return { message, hint };
}

type SyntaxWords = readonly [message: string, hint: string];

const syntaxUnclear: SyntaxWords = [
  'this cannot be understood as YAML',
  'check the indentation, the quotes, and the dash or colon before it',
];

const syntaxUnclosed: SyntaxWords = [
  'a quote or bracket that was opened is not closed, or a comma is missing',
  'check quotes, brackets and indentation; ${…} inside [ ] or { } needs quotes',
];

const syntaxWords: Readonly<Partial<Record<ErrorCode, SyntaxWords>>> = {
  TAB_AS_INDENT: ['a tab cannot indent', 'use spaces'],
  BLOCK_AS_IMPLICIT_KEY: [
    'a second "key: value" begins inside this value',
    'check the indentation, or quote a value that contains ": "',
  ],
  MULTILINE_IMPLICIT_KEY: ['this line has no value', 'write "key: value" with a space after the colon'],
  MULTIPLE_DOCS: ['a second document begins here', 'one file holds one configuration; remove the line ---'],
  BAD_SCALAR_START: ['a value cannot begin with this character', 'put the value in quotes'],
  TAG_RESOLVE_FAILED: ['tags such as !name are not supported', 'put the value in quotes if it begins with !'],
  BAD_DQ_ESCAPE: ['this backslash begins no known escape', 'use single quotes, or write \\\\'],
  MISSING_CHAR: syntaxUnclosed,
  BAD_INDENT: ['this line is indented as none around it', 'indent the keys of one mapping, and the items of one list, alike'],
};
