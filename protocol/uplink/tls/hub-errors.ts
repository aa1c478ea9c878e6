/** Why a hub and this agent do not come together although they can reach each other. The messages are for people. */

/** The hub is not who it says, as far as this agent can tell: nothing was said to it. */
export class HubUntrustedError extends Error {
  override readonly name = 'HubUntrustedError';
  readonly code = 'HUB_UNTRUSTED';
}

/** The hub answered, and lets this agent not in: the message is the hub's own sentence. */
export class HubRefusedError extends Error {
  override readonly name = 'HubRefusedError';
  readonly code = 'HUB_REFUSED';
  readonly statusCode: number;
  /** The hub's word for it: `certificate`, `token-expired`… */
  readonly refusal: string;

  constructor(message: string, answer: { readonly statusCode: number; readonly refusal: string }) {
    super(message);
    this.statusCode = answer.statusCode;
    this.refusal = answer.refusal;
  }
}
