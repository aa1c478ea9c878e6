/**
 * A grok expression, made into one linear pattern: `%{IP:source.ip} %{NUMBER:took:float}`. References are put in place of their names, all
 * the way down; each that names a field is a group. What Oniguruma has and JavaScript has not is written otherwise where it means the
 * same for us (atomic groups and possessive repetitions, which only spare backtracking), and refused where it does not.
 */
import { LinearPattern, PatternError } from '@tributary/shared/linear-pattern.ts';
import { suggest } from '@tributary/shared/options/suggest.ts';
import { parseTarget, type Target } from '../targets.ts';

/** The message is for the person who wrote the expression. */
export class GrokError extends Error {
  override readonly name = 'GrokError';
}

export interface GrokPattern {
  readonly pattern: LinearPattern;
  /** By the names of the groups; of a field that several groups have, the last of them that took part holds. */
  readonly groups: readonly (readonly [group: string, target: Target])[];
}

const lengthMax = 65_536;
const depthMax = 50;
const groupsMax = 500;

const posixClasses: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '\\x21-\\x7e',
  lower: 'a-z',
  print: '\\x20-\\x7e',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  word: '\\w',
  xdigit: '0-9A-Fa-f',
};

const escapes: Readonly<Record<string, string>> = { A: '^', Z: '$', z: '$', h: '[0-9A-Fa-f]', H: '[^0-9A-Fa-f]', e: '\\x1b' };

/** Throws a GrokError. */
export function compileGrok(expression: string, patterns: ReadonlyMap<string, string>): GrokPattern {
  const writer = new GrokWriter(patterns);
  const ignoresCase = expression.startsWith('(?i)');
  const text = writer.write(ignoresCase ? expression.slice(4) : expression, []);
  if (writer.groups.length === 0) throw new GrokError('names no field, such as %{IP:source.ip}, and would set nothing');
  try {
    return { pattern: new LinearPattern(`${ignoresCase ? '(?i)' : ''}${text}`, lengthMax), groups: writer.groups };
  } catch (error) {
    if (error instanceof PatternError) throw new GrokError(error.message, { cause: error });
    throw error;
  }
}

class GrokWriter {
  readonly groups: [string, Target][] = [];
  readonly #patterns: ReadonlyMap<string, string>;
  #length = 0;

  constructor(patterns: ReadonlyMap<string, string>) {
    this.#patterns = patterns;
  }

  /** `within`: the names that lead here. */
  write(source: string, within: readonly string[]): string {
    const token =
      /%\{(?:([^{}]*)\})?|\[\^?\]?(?:\[:\^?\w+:\]|\\[^]|[^\]\\])*\]|\\[^]|\(\?#[^)]*\)|\((?:\?(?:[:>=!]|<[=!]|P?<([^<>=!]+)>)?)?|([*+?]|\{\d+(?:,\d*)?\})([+?]?)|[^]/gy;
    let text = '';
    for (let match = token.exec(source); match !== null; match = token.exec(source)) {
      const [written, reference, groupName, quantifier, mode] = match;
      const place = { source, at: match.index, within };
      if (reference !== undefined) text += this.#reference(reference, place);
      else if (quantifier !== undefined) text += quantifier + (mode === '?' ? mode : '');
      else if (groupName !== undefined) text += this.#group(groupName, place);
      else text += rewritten(written, place);
    }
    this.#length += text.length;
    if (this.#length > lengthMax * 4) throw new GrokError('is too long with all its patterns in place');
    return text;
  }

  #reference(reference: string, place: Place): string {
    const [, name = '', field] = /^(\w+)(?::(.*))?$/s.exec(reference) ?? [];
    if (name === '') throw placed(place, `%{${reference}} is no reference: %{NAME}, %{NAME:field} and %{NAME:field:type} are`);
    const definition = this.#patterns.get(name);
    if (definition === undefined) {
      const meant = suggest(name, [...this.#patterns.keys()]);
      throw placed(place, `there is no pattern ${name}${meant === undefined ? '' : `; did you mean ${meant}?`}`);
    }
    if (place.within.includes(name)) throw placed(place, `the pattern ${name} leads back to itself`);
    if (place.within.length >= depthMax) throw placed(place, 'patterns lead too deep');
    const open = field === undefined ? '(?:' : this.#group(field, place);
    return `${open}${this.write(definition, [...place.within, name])})`;
  }

  /** The beginning of a group that is a field. */
  #group(field: string, place: Place): string {
    const target = parseTarget(dotted(field));
    if (typeof target === 'string') throw placed(place, `${field}: ${target}`);
    if (this.groups.length >= groupsMax) throw placed(place, `there are more than ${groupsMax} fields`);
    const group = `g${this.groups.length}`;
    this.groups.push([group, target]);
    return `(?<${group}>`;
  }
}

interface Place {
  readonly source: string;
  readonly at: number;
  readonly within: readonly string[];
}

function placed({ at, within }: Place, message: string): GrokError {
  const name = within.at(-1);
  return new GrokError(`${message} (at character ${at + 1}${name === undefined ? '' : ` of the pattern ${name}`})`);
}

/** `[http][response][status_code]:int`, as Logstash has it, with dots. */
function dotted(field: string): string {
  const [, brackets, type = ''] = /^((?:\[[^[\]]+\])+)(:.*)?$/.exec(field) ?? [];
  return brackets === undefined ? field : brackets.slice(1, -1).replaceAll('][', '.') + type;
}

function rewritten(token: string, place: Place): string {
  if (token.startsWith('(?#')) return '';
  if (token === '%{') throw placed(place, 'a %{ is not closed');
  if (token === '(' || token === '(?>') return '(?:';
  if (token === '(?=' || token === '(?!') throw placed(place, 'looks ahead, which could take forever');
  if (token === '(?')
    throw placed(place, 'a group begins with (? and nothing that is known here; (?i) may stand at the beginning');
  if (token.startsWith('[') && token.length > 1) return rewrittenClass(token);
  if (token.startsWith('\\')) return escapes[token.slice(1)] ?? token;
  return token;
}

function rewrittenClass(token: string): string {
  const inner = token
    .slice(1, -1)
    .replaceAll(/\[:(\^?)(\w+):\]|\\[^]|\[/g, (part, not: string | undefined, name: string | undefined) => {
      const known = name !== undefined && Object.hasOwn(posixClasses, name) ? posixClasses[name] : undefined;
      if (known !== undefined && not === '') return known;
      if (part === '\\h') return '0-9A-Fa-f';
      return part === '[' ? '\\[' : part;
    });
  // A bracket that comes first is itself.
  return `[${inner.replace(/^(\^?)\]/, String.raw`$1\]`)}]`;
}
