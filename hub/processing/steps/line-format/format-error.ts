/** A log format that cannot be read back; the message is for the person who configured it. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  readonly code = 'FORMAT';
}
