/** The calls of a thread that redacts. Rejected with the code of a BodyError where a body cannot be looked at. */
import type { BodyToRedact, RedactedBody, RedactedSegment } from './redact-body.ts';
import type { RawRedaction } from './redactions.ts';

export type RedactionContract = {
  readonly body: { readonly argument: BodyToRedact & { readonly redaction: RawRedaction }; readonly result: RedactedBody };
  /** Of records that are not compressed yet: their bytes come back, changed or not. */
  readonly records: {
    readonly argument: {
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly segment: RedactedSegment;
      readonly redaction: RawRedaction;
    };
    readonly result: Uint8Array<ArrayBuffer>;
  };
};
