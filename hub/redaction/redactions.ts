/** Which channels have something covered in the bytes of their records before anything is stored. */
import { hash } from 'node:crypto';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { Step } from '../processing/steps/step.ts';
import type { RedactionRule } from './redaction-rule.ts';

/** Plain data, for a thread. */
export interface RawRedaction {
  /** The same for the same rules: a thread makes their patterns once. Tells nothing of a key. */
  readonly id: string;
  /** In the order of the pipeline's steps: each looks at what those before it left. */
  readonly rules: readonly RedactionRule[];
}

/**
 * `unknown`: the channel's pipeline may cover something, and there is no version of it that is good, so nothing of the channel may be stored
 * yet: its senders wait. Undefined: its records are stored as they come.
 */
export type ChannelRedaction = RawRedaction | 'unknown' | undefined;

export interface Redactions {
  of(channel: ChannelName): ChannelRedaction;
}

/** What a pipeline covers. */
export function redactionOf({
  steps,
}: {
  readonly steps: readonly { readonly step: Pick<Step, 'redactRaw'> }[];
}): RawRedaction | undefined {
  return rawRedaction(steps.flatMap(({ step }) => (step.redactRaw === undefined ? [] : [step.redactRaw])));
}

/** Whether a pipeline that cannot be made of this text was meant to cover something, as far as its text tells. */
export function mayRedactRaw(text: string): boolean {
  return text.includes('redact') && /\braw\b/.test(text);
}

export function rawRedaction(rules: readonly RedactionRule[]): RawRedaction | undefined {
  return rules.length === 0 ? undefined : { id: hash('sha256', JSON.stringify(rules), 'hex'), rules };
}
