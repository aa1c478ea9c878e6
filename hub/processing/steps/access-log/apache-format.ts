/**
 * Makes a parser of Apache's `LogFormat`: what stands between its quotes. Directives have modifiers between the percent sign and the
 * letter: states for which they are logged (`%!200,304{Referer}i`), which of the requests of a redirection (`%>s`), an argument in braces.
 */
import { FormatError } from '../line-format/format-error.ts';
import { type FormatElement, LineFormat } from '../line-format/line-format.ts';
import { renamed } from '../line-format/variables.ts';
import { apacheVariable } from './apache-variables.ts';
import { type FormatOptions, refuseUnused } from './nginx-format.ts';

const directive = /%(?:%|(?:!?\d{3}(?:,\d{3})*)?([<>]?)(?:\{([^}]*)\})?([<>]?)(\^?[A-Za-z]{1,2}))/y;
const twoLetters = new Set(['^FB', '^ti', '^to']);

/** Throws a FormatError. */
export function apacheFormat(format: string, { zone, names }: FormatOptions): LineFormat {
  const written = withoutBackslashes(format);
  const elements: FormatElement[] = [];
  let literal = '';
  let at = 0;
  while (at < written.length) {
    const next = written.indexOf('%', at);
    literal += written.slice(at, next < 0 ? written.length : next);
    if (next < 0) break;
    const { text, length, argument, letter } = directiveAt(written, next);
    at = next + length;
    if (letter === '%') {
      literal += '%';
      continue;
    }
    const kind = apacheVariable({ letter, argument, zone });
    if (kind === undefined) throw new FormatError(`Apache has no ${text}`);
    const field = names.get(text);
    elements.push(literal, { ...(field === undefined ? kind : renamed(kind, field)), text, escapes: true });
    literal = '';
  }
  elements.push(literal);
  refuseUnused(names, elements);
  return new LineFormat(elements);
}

interface Directive {
  readonly text: string;
  readonly length: number;
  readonly argument: string | undefined;
  readonly letter: string;
}

function directiveAt(format: string, at: number): Directive {
  directive.lastIndex = at;
  const found = directive.exec(format);
  if (found === null)
    throw new FormatError(`behind % in ${format.slice(at, at + 10)} there is no directive of Apache; %% is a percent sign`);
  const [whole, , argument, , letters = '%'] = found;
  // The pattern takes two letters where there are: only few directives have them.
  const letter = twoLetters.has(letters) || letters === '%' ? letters : letters.slice(0, letters.startsWith('^') ? 2 : 1);
  const length = whole.length - (letters.length - letter.length);
  return { text: whole === '%%' ? '%%' : whole.slice(0, length), length: whole === '%%' ? 2 : length, argument, letter };
}

/** As in Apache's own files: `\"` is a quote. */
function withoutBackslashes(format: string): string {
  return format.replaceAll(/\\(["\\nt])/g, (_, code: string) => ({ n: '\n', t: '\t' })[code] ?? code);
}
