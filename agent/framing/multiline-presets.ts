/**
 * Stack traces as four languages print them, joined with the line before them, which is most often the message that they belong to.
 * A line that stands at the left margin belongs to a record only if it has a form that a trace has at this place, so that two messages
 * are never one because of an unlucky word.
 */
import type { JoinRule, JoinState } from './join-rule.ts';

type Lines = (state: JoinState, line: string) => JoinState | undefined;

function rule(begin: (line: string) => JoinState, next: Lines): JoinRule {
  return { begin, next, isComplete: () => false };
}

const indented = /^[ \t]/;

/**
 * Java: `message` → (the exception's name, if it is no part of the message) → `frames`. After frames, only what is indented or names
 * another cause goes on; an exception's name begins a record of its own then.
 */
const javaName = /^(?:[\p{L}_$][\p{L}\d_$]*\.)+[\p{L}_$][\p{L}\d_$]*(?:Exception|Error|Throwable|Failure|Fault)\b[^ ]*(?::|$)/u;
const javaCause = /^(?:Caused by|Suppressed|Wrapped by): /;

const java = rule(
  () => 'message',
  (state, line) => {
    if (indented.test(line)) return /^\s+(?:at |\.\.\. \d+ )/.test(line) ? 'frames' : state;
    if (javaCause.test(line)) return 'frames';
    return state === 'message' && javaName.test(line) ? 'exception' : undefined;
  },
);

/**
 * Python: `message` → `frames` (after the heading, all that is indented) → `raised` (the exception itself at the margin) → `gap` (an empty
 * line) → `chain` (the sentence that leads to the next traceback) → `frames`. An exception group is all indented (`group`). A file
 * that cannot be compiled has no heading: it begins with the place.
 */
const pythonHeading = /^Traceback \(most recent call last\):$/;
const pythonPlace = /^  File ".+", line \d+$/;
const pythonGroup = /^\s+\+ Exception Group Traceback \(most recent call last\):$/;
const pythonChain =
  /^(?:During handling of the above exception, another exception occurred|The above exception was the direct cause of the following exception):$/;
const pythonException = /^[\p{L}_](?:[\p{L}\d_.]|<locals>)*(?::|$)/u;

function pythonNext(state: JoinState, line: string): JoinState | undefined {
  const isHeading = pythonHeading.test(line);
  if (isHeading || pythonGroup.test(line)) {
    if (state !== 'message' && state !== 'chain') return undefined;
    return isHeading ? 'frames' : 'group';
  }
  switch (state) {
    case 'frames':
      if (indented.test(line)) return 'frames';
      return pythonException.test(line) ? 'raised' : undefined;
    case 'group':
    case 'raised':
      if (line === '') return 'gap';
      return indented.test(line) ? state : undefined;
    case 'gap':
      return pythonChain.test(line) ? 'chain' : undefined;
    case 'chain':
      return line === '' ? 'chain' : undefined;
    default:
      return undefined;
  }
}

const python = rule((line) => {
  if (pythonHeading.test(line) || pythonPlace.test(line)) return 'frames';
  return pythonGroup.test(line) ? 'group' : 'message';
}, pythonNext);

/**
 * Go: `message` → `dump` from `panic:`, `fatal error:` or a goroutine's heading on. In a dump stand headings, calls, their places
 * (indented), who created a goroutine, registers, and empty lines between goroutines. The `runtime` may say something before.
 */
const goBegin = /^(?:panic: |fatal error: |unexpected fault address |SIG[A-Z]+: )/;
const goRuntime = /^runtime: /;
const goroutine = /^goroutine \d+ .*\[.*\]:$/;
const goInDump =
  /^$|^goroutine \d+ |^\[signal |^panic: |^\S+\(.*\)$|^created by |^\.\.\.(?:additional|\d+) frames |^exit status \d+$|^[a-z][a-z0-9]{1,6} +0x[0-9a-f]+$|^runtime: |^runtime stack:$|^PC=0x|^m=\d/;

const go = rule(
  (line) => {
    if (goBegin.test(line) || goroutine.test(line)) return 'panic';
    return goRuntime.test(line) ? 'runtime' : 'message';
  },
  (state, line) => {
    if (goroutine.test(line)) return 'dump';
    if (state === 'runtime') return goRuntime.test(line) ? state : goBegin.test(line) ? 'panic' : undefined;
    if (state === 'message') return undefined;
    if (indented.test(line)) return state;
    // A second panic after a dump is another one.
    if (state === 'dump' && goBegin.test(line)) return undefined;
    return goInDump.test(line) ? state : undefined;
  },
);

/**
 * Node: what is indented goes on, with the braces that close what an error has of its own; so do causes, which are nested deeper.
 * An uncaught error is printed as `place`, `code`, `caret`, an empty line, the error (`uncaught`), an empty line, and Node's version.
 */
const nodePlace = /^(?:(?:\/|file:\/\/|node:|[A-Z]:\\)(?:\S*|.*\.[cm]?[jt]sx?)|\[(?:worker )?eval\]):\d+$/;
const nodeHint = /^\(Use `node --trace-/;

function nodeNext(state: JoinState, line: string): JoinState | undefined {
  if (state === 'place') return 'code';
  if (state === 'code') return /^\s*\^+\s*$/.test(line) ? 'caret' : undefined;
  if (state === 'caret') return line === '' ? 'caret' : 'uncaught';
  if (indented.test(line) || /^[}\])]+[,;]?$/.test(line) || /^(?:caused by|thrown at): ?/i.test(line)) return state;
  if (nodeHint.test(line)) return state;
  if (state === 'uncaught') return line === '' ? 'gap' : undefined;
  return state === 'gap' && /^Node\.js v\d/.test(line) ? 'version' : undefined;
}

const node = rule((line) => (nodePlace.test(line) ? 'place' : 'message'), nodeNext);

export const presetRules = { java, python, go, node } as const;
