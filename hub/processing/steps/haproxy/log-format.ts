/**
 * Makes a parser of a `log-format` of HAProxy: what stands between its quotes, or with its spaces escaped. `%{+Q}` puts texts in quotes,
 * `%{+X}` writes numbers and addresses in hexadecimal, `%{+E}` puts backslashes before some characters, and before `o` they hold from
 * there on. Several spaces are one, also where a variable between them is empty. Since HAProxy 3.0 a variable may have a name, and with
 * `%{+json}o` a line is an object of these.
 */
import type { FieldPath } from '../../record/fields.ts';
import { FormatError } from '../line-format/format-error.ts';
import { type FormatElement, LineFormat, type LineVariable, type ReadLine } from '../line-format/line-format.ts';
import { path, renamed, textVariable, type VariableKind } from '../line-format/variables.ts';
import { jsonUnescaped } from '../quoted-text.ts';
import type { TimeZone } from '../time/time-zone.ts';
import { expressionEnd, unescapedFormat } from './format-text.ts';
import { type FormatTraits, logVariables, type VariableFlags } from './log-variables.ts';
import { NamedValues } from './named-values.ts';
import { type CapturedNames, identifier, sampleVariable } from './sample-expressions.ts';

export interface LogFormatOptions {
  readonly zone: TimeZone;
  readonly names: ReadonlyMap<string, FieldPath>;
  readonly captured: CapturedNames;
}

export interface LineReader {
  read(text: string, from: number): ReadLine | undefined;
}

/** A variable as it is written. */
interface Written {
  readonly text: string;
  readonly name: string | undefined;
  readonly flags: VariableFlags;
  /** Of a variable; or an expression. */
  readonly variable: string | undefined;
  readonly expression: string | undefined;
}

type Flag = 'Q' | 'X' | 'E' | 'M' | 'json' | 'cbor' | 'bin';
const variableStart = /%(?:\(([\w.-]*)(?::\w+)?\))?(?:\{([^}]*)\})?(\[|[A-Za-z]+)/y;
const knownFlags: readonly string[] = ['Q', 'X', 'E', 'M', 'json', 'cbor', 'bin'] satisfies Flag[];

/** Throws a FormatError. */
export function logFormat(format: string, options: LogFormatOptions): LineReader {
  const { parts, global } = writtenParts(unescapedFormat(format));
  const variables = parts.filter((part) => typeof part !== 'string');
  for (const name of options.names.keys()) {
    if (!variables.some(({ text }) => text === name)) throw new FormatError(`${name} has a name, but is not in the format`);
  }
  const traits = {
    zone: options.zone,
    isHttp: variables.some(isOfHttp),
    hasActiveTime: variables.some(({ variable }) => variable === 'Ta'),
  };
  if (global.has('cbor')) throw new FormatError('lines of %{+cbor}o cannot be read; %{+json}o says the same');
  if (global.has('json')) {
    const named = variables.flatMap((written) =>
      written.name === undefined ? [] : [{ ...kindOf(written, { traits, options }), name: written.name }],
    );
    return new NamedValues(named);
  }
  return new LineFormat(parts.flatMap((part) => (typeof part === 'string' ? [part] : elementsOf(part, { traits, options }))));
}

function writtenParts(format: string): { parts: (string | Written)[]; global: ReadonlySet<string> } {
  const parts: (string | Written)[] = [];
  const global = new Set<string>();
  let at = 0;
  while (at < format.length) {
    const next = format.indexOf('%', at);
    addLiteral(parts, format.slice(at, next < 0 ? format.length : next));
    if (next < 0) break;
    if (format.startsWith('%%', next)) {
      addLiteral(parts, '%');
      at = next + 2;
      continue;
    }
    const { end, ...written } = variableAt(format, next, global);
    at = end;
    if (written.variable !== 'o') parts.push(written);
  }
  return { parts, global };
}

/** Spaces on both sides of `%o`, which is nothing, are one; there is none at the beginning. */
function addLiteral(parts: (string | Written)[], text: string): void {
  const last = parts.at(-1);
  const isMerged = last === undefined || last === '' || (typeof last === 'string' && last.endsWith(' '));
  const added = isMerged ? text.trimStart() : text;
  if (typeof last === 'string') parts[parts.length - 1] = last + added;
  else parts.push(added);
}

function variableAt(format: string, at: number, global: Set<string>): Written & { end: number } {
  variableStart.lastIndex = at;
  const found = variableStart.exec(format);
  if (found === null)
    throw new FormatError(`behind % in ${format.slice(at, at + 12)} there is no variable; %% is a percent sign`);
  const [whole, name, flagText = '', what = ''] = found;
  const isExpression = what === '[';
  const inner = isExpression ? expressionEnd(format, at + whole.length) : at + whole.length;
  const end = isExpression ? inner + 1 : inner;
  const written = format.slice(at, end);
  if (isExpression && inner < 0) throw new FormatError(`${format.slice(at, at + 20)} has no closing bracket`);
  if (!isExpression && what !== 'o' && !logVariables.has(what))
    throw new FormatError(`HAProxy has no variable ${written}${similarTo(what)}`);
  const flags = what === 'o' ? global : new Set(global);
  applyFlags(flags, flagText, written);
  return {
    text: written,
    name: name === '' ? undefined : name,
    flags: { isQuoted: flags.has('Q'), isHexadecimal: flags.has('X'), isEscaped: flags.has('E') },
    variable: isExpression ? undefined : what,
    expression: isExpression ? format.slice(at + whole.length, inner) : undefined,
    end,
  };
}

function applyFlags(flags: Set<string>, text: string, written: string): void {
  for (const part of text.split(',').map((flag) => flag.trim())) {
    if (part === '') continue;
    const name = part.slice(1);
    if (!/^[+-]/.test(part) || !knownFlags.includes(name))
      throw new FormatError(`${written}: there is no flag ${part}, only +Q, +X, +E and -Q, -X, -E`);
    if (part.startsWith('+')) flags.add(name);
    else flags.delete(name);
  }
}

function similarTo(name: string): string {
  const similar = [...logVariables.keys()].find((known) => known.toLowerCase() === name.toLowerCase() || name.startsWith(known));
  return similar === undefined ? '' : `; there is %${similar}`;
}

interface KindContext {
  readonly traits: FormatTraits;
  readonly options: LogFormatOptions;
}

function kindOf(written: Written, { traits, options }: KindContext): LineVariable {
  const { text, variable, expression, name, flags } = written;
  const kind =
    variable === undefined ? sampleKind(expression ?? '', name, options) : logVariables.get(variable)?.kind(traits, flags);
  const field = options.names.get(text);
  const usual = kind ?? textVariable(path('haproxy.value'));
  return { ...(field === undefined ? usual : renamed(usual, field)), text };
}

/** A name of the configuration's own is better than one made of the expression, but not than that of ECS. */
function sampleKind(expression: string, name: string | undefined, { captured }: LogFormatOptions): VariableKind {
  const kind = sampleVariable(expression, captured);
  const isUnnamed = kind.paths.length === 1 && kind.paths[0]?.join('.') === `haproxy.${identifier(expression)}`;
  return name !== undefined && isUnnamed ? renamed(kind, path(`haproxy.${identifier(name)}`)) : kind;
}

function elementsOf(written: Written, context: KindContext): FormatElement[] {
  const { flags, variable, expression } = written;
  const kind = kindOf(written, context);
  const isText = variable === undefined || logVariables.get(variable)?.isText === true;
  const isJson = expression !== undefined && /,\s*json(?:\(|$)/.test(expression);
  const escapes = isText && (flags.isEscaped || isJson);
  const decode = isJson ? jsonUnescaped : withoutBackslashes;
  const decoded: LineVariable = escapes
    ? { ...kind, escapes, store: (value, out, place) => kind.store(decode(value), out, place) }
    : kind;
  // Header blocks bring their quotes along, or nothing.
  if (!isText || !flags.isQuoted || variable === 'hr' || variable === 'hs') return [decoded];
  return ['"', decoded, '"'];
}

function withoutBackslashes(value: string): string {
  return value.includes('\\') ? value.replaceAll(/\\(["\\\]])/g, '$1') : value;
}

function isOfHttp({ variable, expression }: Written): boolean {
  if (variable !== undefined) return logVariables.get(variable)?.isOfHttp === true;
  return /^(?:method|path|pathq|url|query|status|req\.|res\.|hdr|capture\.)/.test(expression ?? '');
}
