import { printable } from './printable.ts';

/**
 * A logger is a constructor argument that carries its context; tests pass a recording one.
 *
 * Levels: error = data lost or an operator must act; warn = unexpected, recovered, nothing lost; info = the state changed;
 * debug = per batch, never per record. Tokens, keys and passwords are never passed here.
 */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same logger with more context in every line. */
  child(context: LogFields): Logger;
}

export interface LogEntry {
  readonly time: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

const levelOrder: Readonly<Record<LogLevel, number>> = { debug: 10, info: 20, warn: 30, error: 40 };

export interface LoggerOptions {
  /** A function where the level may change while the program runs. */
  readonly level: LogLevel | (() => LogLevel);
  readonly sink: (entry: LogEntry) => void;
  readonly now?: () => number;
  readonly context?: LogFields;
}

export function createLogger(options: LoggerOptions): Logger {
  const { level, sink, now = Date.now, context = {} } = options;
  const emit = (entryLevel: LogLevel, message: string, fields?: LogFields): void => {
    if (levelOrder[entryLevel] < levelOrder[typeof level === 'function' ? level() : level]) return;
    sink({ time: now(), level: entryLevel, message, fields: { ...context, ...fields } });
  };
  return {
    debug: (message, fields) => emit('debug', message, fields),
    info: (message, fields) => emit('info', message, fields),
    warn: (message, fields) => emit('warn', message, fields),
    error: (message, fields) => emit('error', message, fields),
    child: (more) => createLogger({ ...options, context: { ...context, ...more } }),
  };
}

/** One JSON object a line: for files, journals and other programs. */
export function formatJson(entry: LogEntry): string {
  const { time, level, message, fields } = entry;
  const line = { '@timestamp': new Date(time).toISOString(), 'log.level': level, message, ...plain(fields) };
  return `${JSON.stringify(line)}\n`;
}

/** One readable line, for a terminal: what others chose of it, such as the name of a machine, gives the terminal no orders. */
export function formatText(entry: LogEntry): string {
  const time = new Date(entry.time).toISOString().slice(11, 23);
  const fields = Object.entries(plain(entry.fields)).map(([key, value]) => ` ${key}=${text(value)}`);
  return `${time} ${entry.level.padEnd(5)} ${printable(`${entry.message}${fields.join('')}`)}\n`;
}

/** The logger of a program: text on a terminal, JSON elsewhere, always on standard error. */
export function processLogger(level: LoggerOptions['level'], context: LogFields = {}): Logger {
  const format = process.stderr.isTTY ? formatText : formatJson;
  return createLogger({ level, context, sink: (entry) => process.stderr.write(format(entry)) });
}

function plain(fields: LogFields): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (value instanceof Error) {
      result[key] = value.message;
      const code = (value as Error & { code?: unknown }).code;
      if (code !== undefined) result[`${key}.code`] = code;
    } else result[key] = typeof value === 'bigint' ? value.toString() : value;
  }
  return result;
}

function text(value: unknown): string {
  if (typeof value === 'string') return /[\s"=]/.test(value) ? JSON.stringify(value) : value;
  return JSON.stringify(value) ?? '';
}
