/** Makes a parser of nginx's `log_format`: what stands between its quotes, or after the name with `escape=`. */
import type { FieldPath } from '../../record/fields.ts';
import { FormatError } from '../line-format/format-error.ts';
import { type FormatElement, LineFormat, type LineVariable } from '../line-format/line-format.ts';
import { renamed } from '../line-format/variables.ts';
import { jsonUnescaped, unescaped } from '../quoted-text.ts';
import type { TimeZone } from '../time/time-zone.ts';
import { nginxVariable, nginxVariables } from './nginx-variables.ts';

export interface FormatOptions {
  readonly zone: TimeZone;
  /** Fields for variables, by what they are called in the format. */
  readonly names: ReadonlyMap<string, FieldPath>;
}

const escapeParameter = /^\s*escape=(default|json|none)\s+/;

/** Throws a FormatError. */
export function nginxFormat(format: string, { zone, names }: FormatOptions): LineFormat {
  const [parameter = '', escape = 'default'] = escapeParameter.exec(format) ?? [];
  const decode = decoders[escape === 'json' || escape === 'none' ? escape : 'default'];
  const table = nginxVariables({ zone, decode });
  const written = format.slice(parameter.length);
  const elements: FormatElement[] = [];
  let end = 0;
  for (const found of written.matchAll(/\$(?:\{(\w+)\}|(\w+))/g)) {
    elements.push(written.slice(end, found.index));
    end = found.index + found[0].length;
    elements.push(variable(found[1] ?? found[2] ?? ''));
  }
  elements.push(written.slice(end));
  refuseUnused(names, elements);
  return new LineFormat(elements);

  function variable(name: string): LineVariable {
    const text = `$${name}`;
    const field = names.get(text);
    const kind = nginxVariable(table, name, decode);
    const escapes = escape === 'json' ? { escapes: true } : {};
    return { ...(field === undefined ? kind : renamed(kind, field)), ...escapes, text };
  }
}

/** Throws a FormatError. */
export function refuseUnused(names: ReadonlyMap<string, FieldPath>, elements: readonly FormatElement[]): void {
  const there = new Set(elements.map((element) => (typeof element === 'string' ? '' : element.text)));
  for (const name of names.keys()) {
    if (!there.has(name)) throw new FormatError(`${name} has a name, but is not in the format`);
  }
}

const decoders = { default: unescaped, json: jsonUnescaped, none: (text: string): string => text };
