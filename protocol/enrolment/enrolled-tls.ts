/**
 * The certificates of an agent, or of a hub at its upstream: those that the configuration names, or what enrolment left in its folder. They are followed while
 * their files change: each connection uses those of its time.
 */
import type { X509Certificate } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import type { Clock } from '@tributary/shared/clock.ts';
import type { KeyMaterial, KeyMaterialError, KeyMaterialFiles, WatchedKeyMaterial } from '@tributary/shared/tls/key-material.ts';
import { loadKeyMaterial } from '@tributary/shared/tls/load-key-material.ts';
import { enrolledFiles, isEnrolled, readSite, type SiteRecord } from './enrolled-files.ts';
import { type LeastVersion, secureContextOf } from '../uplink/tls/secure-context.ts';

export interface TlsSettings {
  readonly files: KeyMaterialFiles;
  readonly leastVersion: LeastVersion;
}

export interface EnrolledTlsOptions<Identity> {
  readonly folder: string;
  readonly settings: TlsSettings;
  readonly clock: Clock;
  /** Why the files as they are now cannot be used; undefined: they can again. */
  readonly onProblem: (problem: KeyMaterialError | undefined) => void;
  /** Undefined of a certificate that names nobody of this kind. */
  readonly identityOf: (certificate: X509Certificate) => Identity | undefined;
}

/** As the certificate says them. */
export interface CertificateDates {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface CertificateLife {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** `enrolled`: certificate and key are those of enrolment, and are renewed. */
export type TlsSource = 'enrolled' | 'configured' | 'none';

export class EnrolledTls<Identity extends CertificateDates> implements AsyncDisposable {
  readonly source: TlsSource;
  readonly #options: EnrolledTlsOptions<Identity>;
  readonly #watched: WatchedKeyMaterial | undefined;
  readonly #listeners = new Set<() => void>();
  /** Newer than what is followed, until that is as new. */
  #adopted: KeyMaterial | undefined;
  #built: { readonly material: KeyMaterial | undefined; readonly context: SecureContext } | undefined;

  private constructor(options: EnrolledTlsOptions<Identity>, source: TlsSource, watched: WatchedKeyMaterial | undefined) {
    this.#options = options;
    this.source = source;
    this.#watched = watched;
    watched?.onChanged((material) => this.#changed(material));
  }

  /** Throws a KeyMaterialError when there are certificates that cannot be used. */
  static async open<Identity extends CertificateDates>(options: EnrolledTlsOptions<Identity>): Promise<EnrolledTls<Identity>> {
    const { folder, settings, clock, onProblem } = options;
    const { source, files } = materialFiles(folder, settings.files);
    if (files === undefined) return new EnrolledTls(options, source, undefined);
    // Loaded only where there is something to follow.
    const { watchKeyMaterial } = await import('@tributary/shared/tls/watch-key-material.ts');
    return new EnrolledTls(options, source, watchKeyMaterial(files, { clock, onProblem, takesEarly: true }));
  }

  get leastVersion(): LeastVersion {
    return this.#options.settings.leastVersion;
  }

  get material(): KeyMaterial | undefined {
    return this.#adopted ?? this.#watched?.current;
  }

  /** Why what is in the files now is not used. */
  get problem(): KeyMaterialError | undefined {
    return this.#watched?.problem;
  }

  /** Undefined where there is no certificate, or one that names somebody else. */
  get identity(): Identity | undefined {
    const [leaf] = this.material?.chain ?? [];
    return leaf === undefined ? undefined : this.#options.identityOf(leaf);
  }

  /** From when to when the certificate is used. Undefined where there is none. */
  get life(): CertificateLife | undefined {
    const { identity } = this;
    if (identity === undefined) return undefined;
    const { notBeforeMs, notAfterMs } = identity;
    const { certifiedMs = 0 } = this.site ?? {};
    // A clock that was wrong then tells nothing.
    return { fromMs: certifiedMs > notBeforeMs && certifiedMs < notAfterMs ? certifiedMs : notBeforeMs, untilMs: notAfterMs };
  }

  /** What the site said at the last enrolment. */
  get site(): SiteRecord | undefined {
    return this.source === 'enrolled' ? readSite(this.#options.folder) : undefined;
  }

  /** For the next connection. Made anew only when something changed: a connection is tried often. */
  secureContext(): SecureContext {
    const { material } = this;
    if (this.#built === undefined || this.#built.material !== material) {
      this.#built = { material, context: secureContextOf(material?.context ?? {}, this.leastVersion) };
    }
    return this.#built.context;
  }

  /** What enrolment left has just been replaced: nobody has to wait until that is noticed. */
  adopt(): void {
    const { files } = materialFiles(this.#options.folder, this.#options.settings.files);
    if (files === undefined) return;
    const before = this.material;
    this.#adopted = loadKeyMaterial(files);
    if (!isSame(before, this.#adopted)) this.#tell();
  }

  /** Told when the next connection will use something else. Returns its own removal. */
  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(material: KeyMaterial): void {
    const isKnown = isSame(this.#adopted, material);
    this.#adopted = undefined;
    if (!isKnown) this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watched?.[Symbol.asyncDispose]();
  }
}

function isSame(left: KeyMaterial | undefined, right: KeyMaterial): boolean {
  return left !== undefined && JSON.stringify(left.context) === JSON.stringify(right.context);
}

/** What is named wins; `files` is undefined where there is nothing at all. */
export function materialFiles(
  folder: string,
  named: KeyMaterialFiles,
): { readonly source: TlsSource; readonly files: KeyMaterialFiles | undefined } {
  const enrolled = isEnrolled(folder) ? enrolledFiles(folder) : undefined;
  if (named.cert !== undefined || named.pkcs12 !== undefined) {
    return { source: 'configured', files: { ...named, ca: named.ca ?? enrolled?.ca } };
  }
  if (enrolled === undefined) {
    return named.ca === undefined ? { source: 'none', files: undefined } : { source: 'configured', files: { ca: named.ca } };
  }
  const { cert, key, ca } = enrolled;
  return { source: 'enrolled', files: { cert, key, ca: named.ca ?? ca } };
}
