/** Rules that the schema of the configuration shares with the command line, which does without the schema's library. */

/** Names that become folders in an archive: tenants and types. */
export const namePattern = /^[a-z0-9_]{1,50}$/;
export const nameRule = 'must be 1 to 50 of a-z, 0-9 and _';

export const hubRule = 'must be an address such as wss://hub.example.com:7701';

export const plaintextRule =
  'would send everything in the clear: use wss:// (tributary-agent enroll TOKEN), or say plaintext: true for the whole agent';
