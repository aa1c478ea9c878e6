/** Lines of `%{+json}o`: an object with the variables that have a name. */
import { FieldPlan } from '../line-format/field-plan.ts';
import { FormatError } from '../line-format/format-error.ts';
import type { LinePlace, LineValues, LineVariable, ReadLine } from '../line-format/line-format.ts';
import { storeValue } from './log-variables.ts';

export interface NamedVariable extends LineVariable {
  readonly name: string;
}

export class NamedValues {
  readonly #variables: readonly (NamedVariable & { readonly place: LinePlace })[];
  readonly #plan: FieldPlan;
  readonly #values: LineValues = { values: [], times: [] };
  readonly #timePlace: number;

  /** Throws a FormatError. */
  constructor(variables: readonly NamedVariable[]) {
    if (variables.length === 0)
      throw new FormatError('with %{+json}o only variables with a name are logged, such as %(client_ip)ci');
    let slot = 0;
    this.#variables = variables.map((variable, time) => {
      const place = { slot, time };
      slot += variable.paths.length;
      return { ...variable, place };
    });
    this.#plan = new FieldPlan(variables.flatMap(({ paths }) => paths));
    const exact = this.#variables.find(({ time }) => time === 'exact');
    this.#timePlace = (exact ?? this.#variables.find(({ time }) => time === 'seconds'))?.place.time ?? -1;
  }

  read(text: string, from: number): ReadLine | undefined {
    const line = parsed(text.slice(from));
    if (line === undefined) return undefined;
    for (const variable of this.#variables) {
      const value = Object.hasOwn(line, variable.name) ? line[variable.name] : undefined;
      if (!storeValue(variable, value, { out: this.#values, place: variable.place })) return undefined;
    }
    return { fields: this.#plan.build(this.#values.values), eventMs: this.#values.times[this.#timePlace] };
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
