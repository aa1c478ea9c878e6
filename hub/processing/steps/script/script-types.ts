/** The types of scripts, as a file beside them: editors and tsc check scripts with it. A script needs nothing of it to run. */
export const scriptTypes = `// The types of Tributary's scripts: \`tributary-hub try --types > tributary.d.ts\` writes them.
// In a script: import type { LogRecord, Result } from './tributary.d.ts';

/** What a document holds: plain JSON. */
export type Value = string | number | boolean | null | Value[] | { [name: string]: Value };

/** Nested, by the names of ECS: \`record.fields.http.response.status_code\`. */
export interface Fields {
  [name: string]: any;
}

/** One record. It is the script's own: what is changed holds only if the record is returned. */
export interface LogRecord {
  fields: Fields;
  /** The text: the field \`message\` where a step left one, else the line. What is set here is that field. */
  message: string;
  /** The line as it came, without its end. */
  readonly raw: string;
  /** \`@timestamp\` in milliseconds since 1970; undefined until a step finds it. */
  time: number | undefined;
  readonly meta: Meta;
  /** Another log type of the same tenant, to which the document goes. */
  type: string | undefined;
  /** The name of an index or data stream, for outputs that have such. */
  index: string | undefined;
  /** Only these outputs take it. */
  outputs: string[] | undefined;
}

/** Where the line came from. */
export interface Meta {
  readonly host: string;
  /** A file's path, a socket. */
  readonly source: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly tenant: string;
  readonly type: string;
  /** When the site received it, in milliseconds since 1970. */
  readonly received: number;
}

/** A record, or what one is made of: what it does not name is as in the record that came, but for fields. */
export type Made = LogRecord | Partial<Pick<LogRecord, 'fields' | 'message' | 'time' | 'type' | 'index' | 'outputs'>>;

/** Undefined drops the record. */
export type Result = Made | readonly Made[] | undefined;

export type Script = (record: LogRecord) => Result;
`;
