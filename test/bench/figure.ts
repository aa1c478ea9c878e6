import type { Programs } from '../harness/programs.ts';
import type { GeneratedLog } from './generator.ts';

/** One measured figure: what is printed as a row, or with --json as a line. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 's' | 'MB' | 'MB/s' | 'lines' | 'messages/s' | '%' | 'ms' | 'handles';
  /** The known tool that did the same kind of work in the same run, and what it took. */
  readonly against: string | undefined;
  /** Value by the tool's. */
  readonly ratio: number | undefined;
  /** Of the ratio where there is one, else of the value. */
  readonly limit: number | undefined;
  readonly ok: boolean;
}

export interface Bench {
  readonly programs: Programs;
  readonly log: GeneratedLog;
  readonly runs: number;
  /** As large as the requirement has it, however long that takes. */
  readonly full: boolean;
  /** Things worth knowing beside the figures: durability settings, compression. */
  readonly note: (line: string) => void;
}

/** A measurement gives one or more figures, as some are taken of the same runs. */
export interface Measurement {
  readonly figures: readonly string[];
  /** Only when it is asked for by name. */
  readonly long?: boolean;
  readonly measure: (bench: Bench) => Promise<readonly Figure[]>;
}

export function ratioFigure(
  name: string,
  unit: Figure['unit'],
  values: { value: number; tool: string; toolValue: number; limit: number | undefined },
): Figure {
  const { value, tool, toolValue, limit } = values;
  const ratio = value / toolValue;
  const against = `${tool}: ${toolValue.toFixed(2)} ${unit}`;
  return { name, value, unit, against, ratio, limit, ok: limit === undefined || ratio <= limit };
}

export function plainFigure(
  name: string,
  unit: Figure['unit'],
  value: number,
  bounds: { atMost?: number; atLeast?: number },
): Figure {
  const { atMost, atLeast } = bounds;
  const ok = (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);
  return { name, value, unit, against: undefined, ratio: undefined, limit: atMost ?? atLeast, ok };
}
