/** The thread in which bodies are redacted before they are stored: its sender waits for it, so it does not go into the background. */
import { serveThread, type ThreadCall } from '@tributary/shared/async/thread-call.ts';
import { redactBody, redactorsOf, type Redactors, redactSegments } from './redact-body.ts';
import type { RedactionContract } from './redaction-contract.ts';
import type { RawRedaction } from './redactions.ts';

/** Redactions that are remembered; a hub has one for each pipeline that redacts, and those of earlier configurations. */
const rememberedMax = 200;
const remembered = new Map<string, Redactors>();

serveThread<RedactionContract>(
  {
    group: (calls) => {
      for (const call of calls) answer(call);
    },
  },
  1,
);

function answer(call: ThreadCall<RedactionContract>): void {
  try {
    const redactors = redactorsFor(call.argument.redaction);
    if (call.name === 'body') {
      const redacted = redactBody(call.argument, redactors);
      call.reply(redacted, redacted === undefined ? [] : [redacted.body.buffer]);
      return;
    }
    const { bytes, segment } = call.argument;
    redactSegments(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), [segment], redactors);
    call.reply(bytes, [bytes.buffer]);
  } catch (error) {
    call.fail(error);
  }
}

function redactorsFor(redaction: RawRedaction): Redactors {
  const present = remembered.get(redaction.id);
  if (present !== undefined) return present;
  if (remembered.size >= rememberedMax) remembered.clear();
  const made = redactorsOf(redaction);
  remembered.set(redaction.id, made);
  return made;
}
