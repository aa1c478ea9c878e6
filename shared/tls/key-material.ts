/**
 * Certificates and keys from files: PEM, PEM with an encrypted key, PKCS#12. Both products load theirs here, and follow the files when
 * they change.
 */
import type { X509Certificate } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';

export interface KeyMaterialFiles {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Instead of the two. */
  readonly pkcs12?: string | undefined;
  readonly passphrase?: string | undefined;
  /** What the other end is verified with. Undefined: only by what the system trusts. */
  readonly ca?: string | undefined;
}

export interface KeyMaterial {
  /** For `tls.createSecureContext`: cert, key and ca, decrypted, as PEM. */
  readonly context: Pick<SecureContextOptions, 'cert' | 'key' | 'ca'>;
  /** The leaf first. Empty where there is only `ca`. */
  readonly chain: readonly X509Certificate[];
  readonly authorities: readonly X509Certificate[];
  /** SHA-256 of the last certificate of the chain, or of the authority that signed it where `ca` has it: lower-case hexadecimal. */
  readonly anchorFingerprint: string;
}

/** The message names the file and says what to do; nothing of a key or passphrase is in it. */
export class KeyMaterialError extends Error {
  override readonly name = 'KeyMaterialError';
  readonly code = 'KEY_MATERIAL';
}

/** Follows the files. What cannot be used when they change is told, and the last good one stays. */
export interface WatchedKeyMaterial extends AsyncDisposable {
  readonly current: KeyMaterial;
  /** Why the files as they are now cannot be used; undefined while they can. */
  readonly problem: KeyMaterialError | undefined;
  /** Returns its own removal. */
  onChanged(listener: (material: KeyMaterial) => void): () => void;
}
