/** The buffer on disk is not what was written. The agent opens it anew: it is set aside, what is whole is shipped (open-store.ts). */
export class BufferDamagedError extends Error {
  override readonly name = 'BufferDamagedError';
  readonly code = 'BUFFER_DAMAGED';
}
