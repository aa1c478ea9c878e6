/**
 * A parser made of a log format that people configured: literal text, and variables between it. A variable of a known form (a number, a
 * time in brackets) ends where its form does; any other ends where the literal text behind it begins. Where that comes more than once,
 * the first place is taken with which the rest of the line fits. How much may be tried for one line is bounded by its length.
 */
import type { FieldPath, FieldValue, MutableFields } from '../../record/fields.ts';
import { FieldPlan } from './field-plan.ts';
import { FormatError } from './format-error.ts';

/** What the variables of one line hold. */
export interface LineValues {
  /** One place for each path of each variable. */
  readonly values: (FieldValue | undefined)[];
  /** One place for each variable that is a time. */
  readonly times: (number | undefined)[];
}

export interface LineVariable {
  /** As in the format. */
  readonly text: string;
  /** The fields it gives, if it gives them. */
  readonly paths: readonly FieldPath[];
  /** What it says of the time of the event. `seconds` may be made finer by a `fraction`, in milliseconds. */
  readonly time?: 'exact' | 'seconds' | 'fraction';
  /** Where the value that begins at `from` ends; minus one where none does. Without it: at the literal text that follows. */
  readonly endOf?: (text: string, from: number) => number;
  /** A quote within the value has a backslash before it. */
  readonly escapes?: boolean;
  /** Puts what the text says in `paths.length` places from `slot`, undefined where it says nothing. False where it cannot be of this variable. */
  readonly store: (text: string, out: LineValues, place: LinePlace) => boolean;
}

/** Where a variable's values go. */
export interface LinePlace {
  readonly slot: number;
  readonly time: number;
}

export type FormatElement = string | LineVariable;

interface PlacedVariable extends LineVariable {
  readonly place: LinePlace;
  /** The literal text behind it; empty at the end of the line. */
  readonly next: string;
  readonly escapes: boolean;
}

export interface ReadLine {
  readonly fields: MutableFields;
  readonly eventMs: number | undefined;
}

/** Characters that may be looked at again for one line, besides three times its length. */
const spareCharacters = 10_000;

export class LineFormat {
  readonly #elements: readonly (string | PlacedVariable)[];
  readonly #plan: FieldPlan;
  readonly #values: LineValues;
  readonly #timePlace: number;
  readonly #fractionPlace: number;
  #sparePlaces = 0;

  /** Throws a FormatError. */
  constructor(elements: readonly FormatElement[]) {
    const placed = placedElements(elements);
    const variables = placed.filter((element) => typeof element !== 'string');
    const exact = variables.find(({ time }) => time === 'exact');
    const seconds = variables.find(({ time }) => time === 'seconds');
    const fraction = variables.find(({ time }) => time === 'fraction');
    this.#elements = placed;
    this.#plan = new FieldPlan(variables.flatMap(({ paths }) => paths));
    this.#values = { values: [], times: [] };
    this.#timePlace = (exact ?? seconds)?.place.time ?? -1;
    this.#fractionPlace = exact === undefined ? (fraction?.place.time ?? -1) : -1;
  }

  /** All of the text from `from` on; undefined where it is not of this format. */
  read(text: string, from = 0): ReadLine | undefined {
    this.#sparePlaces = spareCharacters + 3 * text.length;
    if (!this.#fits(text, 0, from)) return undefined;
    const whole = this.#values.times[this.#timePlace];
    const fraction = this.#values.times[this.#fractionPlace] ?? 0;
    return { fields: this.#plan.build(this.#values.values), eventMs: whole === undefined ? undefined : whole + fraction };
  }

  #fits(text: string, first: number, from: number): boolean {
    let at = from;
    for (let index = first; index < this.#elements.length; index += 1) {
      const element = this.#elements[index] ?? '';
      if (typeof element === 'string') {
        if (!text.startsWith(element, at)) return false;
        at += element.length;
        continue;
      }
      if (element.endOf === undefined) return this.#fitsUpToNext(text, { element, index, at });
      const end = element.endOf(text, at);
      if (end < 0 || end > text.length || !this.#store(element, text.slice(at, end))) return false;
      at = end;
    }
    return at === text.length;
  }

  #fitsUpToNext(text: string, { element, index, at }: { element: PlacedVariable; index: number; at: number }): boolean {
    if (element.next === '') return this.#store(element, text.slice(at));
    let end = text.indexOf(element.next, at);
    while (end >= 0) {
      const isEnd = !element.escapes || !isEscaped(text, at, end);
      if (isEnd && this.#store(element, text.slice(at, end)) && this.#fits(text, index + 1, end)) return true;
      if (this.#sparePlaces <= 0) return false;
      const following = text.indexOf(element.next, end + 1);
      // What is stored anew is looked at anew.
      this.#sparePlaces -= (following < 0 ? text.length : following) - at;
      end = following;
    }
    this.#sparePlaces -= text.length - at;
    return false;
  }

  #store(variable: PlacedVariable, text: string): boolean {
    return variable.store(text, this.#values, variable.place);
  }
}

function placedElements(elements: readonly FormatElement[]): (string | PlacedVariable)[] {
  const joined = joinedLiterals(elements);
  if (!joined.some((element) => typeof element !== 'string')) throw new FormatError('it has no variable');
  let slot = 0;
  let time = 0;
  return joined.map((element, index) => {
    if (typeof element === 'string') return element;
    const next = joined[index + 1] ?? '';
    if (typeof next !== 'string' && element.endOf === undefined) {
      throw new FormatError(
        `${element.text} and ${next.text} have nothing between them, so nobody can tell where the first one ends`,
      );
    }
    const literal = typeof next === 'string' ? next : '';
    const escapes = element.escapes === true && literal.startsWith('"');
    const placed = { ...element, place: { slot, time }, next: literal, escapes };
    slot += element.paths.length;
    if (element.time !== undefined) time += 1;
    return placed;
  });
}

function joinedLiterals(elements: readonly FormatElement[]): FormatElement[] {
  const joined: FormatElement[] = [];
  for (const element of elements) {
    const last = joined.at(-1);
    if (typeof element === 'string' && typeof last === 'string') joined[joined.length - 1] = last + element;
    else if (element !== '') joined.push(element);
  }
  return joined;
}

function isEscaped(text: string, from: number, at: number): boolean {
  let first = at;
  while (first > from && text.charCodeAt(first - 1) === 92) first -= 1;
  return (at - first) % 2 === 1;
}
