import type { Fields } from '../../record/fields.ts';

/** A real line, and what its preset makes of it. */
export interface PresetSample {
  readonly line: string;
  /** Where it was read, where that matters. */
  readonly path?: string;
  /** Of the stream. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Of the event, to the millisecond; missing where the line tells none. It was received at noon of the 21st of November 2026. */
  readonly time?: string;
  /** Another log type that it goes to. */
  readonly type?: string;
  readonly document: Fields;
}
