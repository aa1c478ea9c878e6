/** A record of the platform channel, as its dispatcher wants to be told of it. */
import { dispatch, type Dispatched, type SetChoice } from '../../../platform/dispatch/dispatch.ts';
import type { BlockDocument } from '../../../processing/block-documents.ts';
import type { LineRules } from './bulk-contract.ts';

/** `line`: the record's text, and how it was read where that was not UTF-8. `index`: where the pipeline sends it. */
export interface PlatformLine {
  readonly tenant: string;
  readonly line: { readonly text: string; readonly encoding: string };
  readonly index: string | undefined;
}

export function dispatched(
  document: BlockDocument,
  { tenant, line, index }: PlatformLine,
  rules: LineRules & SetChoice,
): Dispatched {
  const { stream, receivedMs, eventMs, position, ordinal, isPartial } = document;
  const { key, attributes } = stream;
  const { text, encoding } = line;
  const origin = { ...key, position, ordinal, isPartial, encoding, host: attributes.host, labels: attributes.labels };
  return dispatch({ tenant, text, receivedMs, eventMs, index, origin }, rules);
}
