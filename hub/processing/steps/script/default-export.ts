/**
 * The default export of a script that is a module, as what a function's body returns: everything keeps its line and column, so that errors
 * need no map. Which of the places that look like an `export default` is the one, the caller finds out: with any other one replaced, the text
 * is no function's body.
 */

export interface FunctionBody {
  /** What stands before the script, on its first line. */
  readonly before: string;
  readonly script: string;
  readonly after: string;
}

/** No script can have it by chance. */
const variable = '$default';
const strict = '"use strict";';
const place = /\bexport[ \t]+default\b/g;
const namedFunction = /^[ \t]*(?:async[ \t]+)?function[ \t]*\*?[ \t]*(?<name>[\p{ID_Start}$_][\p{ID_Continue}$]*)/u;
const unnamedFunction = /^[ \t]*(?<kind>(?:async[ \t]+)?function[ \t]*\*?)[ \t]*(?=\()/;

/** One for each place. */
export function* functionBodies(text: string): Generator<FunctionBody> {
  for (const { index, 0: found } of text.matchAll(place)) yield functionBody(text, index, found);
}

function functionBody(text: string, index: number, found: string): FunctionBody {
  const first = text.slice(0, index);
  const rest = text.slice(index + found.length);
  const name = namedFunction.exec(rest)?.groups?.['name'];
  if (name !== undefined)
    return { before: strict, script: `${first}${' '.repeat(found.length)}${rest}`, after: `\nreturn ${name};` };
  const [unnamed = '', kind] = unnamedFunction.exec(rest) ?? [];
  if (kind === undefined) {
    const script = `${first}${`${variable}=`.padEnd(found.length)}${rest}`;
    return { before: `${strict}let ${variable};`, script, after: `\nreturn ${variable};` };
  }
  // A declaration stays one: what is below it could go on with an expression.
  const declaration = `${kind} ${variable}`.padEnd(found.length + unnamed.length);
  return { before: strict, script: `${first}${declaration}${rest.slice(unnamed.length)}`, after: `\nreturn ${variable};` };
}
