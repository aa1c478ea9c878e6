/** A script's text made into its function. TypeScript's types are stripped, and nothing moves: each place is that of the text as written. */
import { stripTypeScriptTypes } from 'node:module';
import { compileFunction } from 'node:vm';
import { withoutWarning } from '@tributary/shared/without-warning.ts';
import { functionBodies } from './default-export.ts';
import { makeRealm, type Realm } from './realm.ts';
import { placeOf, reasonOf, startOfStack } from './script-error.ts';
import { runTopLevel, TopLevelTimeout } from './top-level.ts';

export interface CompiledScript {
  readonly realm: Realm;
  /** Throws whatever the script throws. */
  readonly call: (record: unknown) => unknown;
}

/** Its message begins with the place in the script. */
export class ScriptProblem extends Error {
  override readonly name = 'ScriptProblem';
}

/** `name` is what places in it are told under. Throws a ScriptProblem. */
export function compileScript(text: string, name: string, topMsMax?: number): CompiledScript {
  const realm = makeRealm();
  const stripped = strippedText(text, name);
  const body = bodyOf(stripped, name, realm.context);
  refuseWaiting(stripped, name, realm.context);
  const made = evaluated(body, name, topMsMax);
  if (typeof made !== 'function') throw new ScriptProblem(`${name}: its default export is no function`);
  const source = String(made);
  if (/^(?:function\s*\*|class\b)/.test(source))
    throw new ScriptProblem(
      `${name}: its default export is no plain function: one that is called again, or makes objects, is not for scripts`,
    );
  if (/^(?:function\b|[^={]*=>\s*\{)/.test(source) && !/\breturn\b|\bthrow\b/.test(source))
    throw new ScriptProblem(`${name}: its function returns nothing, which drops every record: \`return record\` lets it go on`);
  return { realm, call: (record) => Reflect.apply(made, undefined, [record]) };
}

function strippedText(text: string, name: string): string {
  try {
    return withoutWarning('stripTypeScriptTypes', () => stripTypeScriptTypes(text, { mode: 'strip' }));
  } catch (error) {
    throw new ScriptProblem(`${startOfStack(error, name)}: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * Whatever waits is refused: nothing would ever go on with it, and if it failed, that would end the thread at no record. Where such a word
 * stands in a text or a comment, the script is as good with another word there.
 */
function refuseWaiting(text: string, name: string, context: Realm['context']): void {
  for (const { index, 0: word } of text.matchAll(
    /(?<![.\p{ID_Continue}$#])(?:import(?=\s*[(./])|async(?=\s*[(*[/\p{ID_Start}$_]))/gu,
  )) {
    const other = `${text.slice(0, index)}${'#'.repeat(word.length)}${text.slice(index + word.length)}`;
    try {
      bodyOf(other, name, context);
    } catch (error) {
      if (!(error instanceof ScriptProblem)) throw error;
      const lines = text.slice(0, index).split('\n');
      const place = `${name}:${lines.length}:${(lines.at(-1) ?? '').length + 1}`;
      throw new ScriptProblem(`${place}: ${notForScripts(word)}`, { cause: error });
    }
  }
}

function evaluated(body: ReturnType<typeof compileFunction>, name: string, topMsMax?: number): unknown {
  try {
    return runTopLevel(() => Reflect.apply(body, undefined, []), topMsMax);
  } catch (error) {
    if (error instanceof TopLevelTimeout) throw new ScriptProblem(`${name}: ${error.message}`, { cause: error });
    throw new ScriptProblem(`${placeOf(error, name) ?? name}: ${reasonOf(error)}`, { cause: error });
  }
}

function bodyOf(text: string, name: string, context: Realm['context']): ReturnType<typeof compileFunction> {
  let problem: ScriptProblem | undefined;
  for (const { before, script, after } of functionBodies(text)) {
    try {
      return compileFunction(`${before}${script}${after}`, [], {
        parsingContext: context,
        filename: name,
        columnOffset: -before.length,
      });
    } catch (error) {
      problem ??= new ScriptProblem(`${startOfStack(error, name, before.length)}: ${notForScripts(reasonOf(error))}`, {
        cause: error,
      });
    }
  }
  throw problem ?? new ScriptProblem(`${name}: has no default export: export default function (record) { … }`);
}

/** It is a module without a mistake: what is no function's body is one of these. */
function notForScripts(reason: string): string {
  if (/import/.test(reason)) return 'a script is one file: only `import type` is for it';
  if (/export/.test(reason)) return 'a script has one default export, written as `export default`, and no other';
  if (/await/.test(reason)) return 'a script cannot wait: await is not for it';
  if (/async/.test(reason)) return 'a script cannot wait: async is not for it';
  return reason;
}
