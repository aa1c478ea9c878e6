import * as z from 'zod';

/**
 * Sizes and durations as people write them: `1MiB`, `64KiB`, `1GB`, or a bare number of bytes; `200ms`, `5s`, `1h`, `7d`.
 *
 * A duration without a unit is refused, as nobody can tell seconds from milliseconds in a file. The inside of the programs
 * knows only bytes and milliseconds as numbers. Give defaults in the written form: `bytes.prefault('1MiB')`.
 */
const bytesOf: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const millisecondsOf: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };

const bytesPattern = /^(\d+(?:\.\d+)?) ?(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?$/;
const durationPattern = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/;

const bytesForm = 'a size such as 64KiB, 1MiB or 1GB, or a number of bytes';
const durationForm = 'a duration such as 200ms, 5s, 5m, 1h or 7d';

/** Bytes of `1MiB` or `1048576`; undefined when the text is no size, or no whole number of bytes. */
export function parseBytes(text: string): number | undefined {
  return measure(bytesPattern.exec(text), bytesOf, 'B');
}

/** Milliseconds of `5s`; undefined when the text is no duration, or no whole number of milliseconds. */
export function parseDuration(text: string): number | undefined {
  return measure(durationPattern.exec(text), millisecondsOf, undefined);
}

/** The shortest exact way to write a size: 1048576 is `1MiB`, 1000 is `1000B`. */
export function formatBytes(count: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB']) {
    const size = bytesOf[unit] ?? 1;
    if (count !== 0 && count % size === 0) return `${count / size}${unit}`;
  }
  return `${count}B`;
}

/** The shortest exact way to write a duration: 300000 is `5m`. */
export function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's']) {
    const size = millisecondsOf[unit] ?? 1;
    if (ms !== 0 && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

export interface UnitRange {
  /** The least accepted value, as it would be written in the file. */
  readonly min?: string;
  /** The greatest accepted value, as it would be written in the file. */
  readonly max?: string;
}

type Written = number | string;

/** A size between two others, both included. */
export function bytesBetween(range: UnitRange): z.ZodType<number, Written> {
  const check = rangeCheck(range, parseBytes);
  const problem = `must be ${bytesForm}`;
  const whole = z.number().meta({ type: 'integer', minimum: 0 });
  const text = z.string().meta({ pattern: bytesPattern.source });
  return z
    .union([whole, text], { error: problem })
    .transform((value: Written, context) => {
      const count = parseBytes(String(value));
      return check(context, count, problem);
    })
    .meta({ unit: 'bytes', ...range });
}

/** A duration between two others, both included. */
export function durationBetween(range: UnitRange): z.ZodType<number, string> {
  const check = rangeCheck(range, parseDuration);
  const problem = `must be ${durationForm}`;
  const text = z.string({
    error: ({ input }) => (typeof input === 'number' ? `needs a unit: write ${input}s for seconds or ${input}ms` : problem),
  });
  return text
    .meta({ pattern: durationPattern.source })
    .transform((value: string, context) => {
      const number = /^\d+(?:\.\d+)?$/.test(value);
      return check(context, parseDuration(value), number ? `needs a unit: write ${value}s for seconds or ${value}ms` : problem);
    })
    .meta({ unit: 'duration', ...range });
}

/** Any size; the value is a number of bytes. */
export const bytes = bytesBetween({});

/** Any duration; the value is a number of milliseconds. */
export const duration = durationBetween({});

function measure(
  match: RegExpExecArray | null,
  units: Readonly<Record<string, number>>,
  unitDefault: string | undefined,
): number | undefined {
  const [, digits, unit = unitDefault] = match ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  const exact = Number(digits) * (units[unit] ?? Number.NaN);
  // 0.1 * 1000 and its like miss the whole number by the error of floating point.
  const value = Math.round(exact);
  return Number.isSafeInteger(value) && Math.abs(exact - value) < 1e-6 ? value : undefined;
}

type RangeCheck = (context: z.RefinementCtx, value: number | undefined, problem: string) => number;

function rangeCheck(range: UnitRange, parse: (text: string) => number | undefined): RangeCheck {
  const limit = (text: string | undefined, otherwise: number): number => {
    const value = text === undefined ? otherwise : parse(text);
    if (value === undefined) throw new RangeError(`the limit ${text} is not written as a value of its option would be`);
    return value;
  };
  const min = limit(range.min, 0);
  const max = limit(range.max, Number.MAX_SAFE_INTEGER);
  return (context, value, problem) => {
    const message =
      value === undefined
        ? problem
        : value < min
          ? `must be at least ${range.min}`
          : value > max
            ? `must be at most ${range.max}`
            : undefined;
    if (message === undefined && value !== undefined) return value;
    context.addIssue({ code: 'custom', message: message ?? problem });
    return z.NEVER;
  };
}
