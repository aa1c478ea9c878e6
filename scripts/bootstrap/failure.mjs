// A failure the person can do something about: one sentence of what is wrong, one of what to do.

export class BootstrapError extends Error {
  /**
   * @param {string} message
   * @param {{ hint: string, output?: string, exitCode?: number, cause?: unknown }} options
   */
  constructor(message, options) {
    super(message, { cause: options.cause });
    this.name = 'BootstrapError';
    this.hint = options.hint;
    this.output = options.output ?? '';
    this.exitCode = options.exitCode ?? 1;
  }
}

/**
 * The code of an error of Node's, such as "ENOENT".
 *
 * @param {unknown} error
 * @returns {string | undefined}
 */
export function codeOf(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** Ctrl-C while something was being installed. */
export class InterruptedError extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`stopped by ${signal}`);
    this.name = 'InterruptedError';
    this.signal = signal;
  }
}

const network =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|network request|dns error|error sending request|No offline|NO_OFFLINE|ENOTCACHED/i;
const certificate = /SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|CERT_HAS_EXPIRED|certificate/i;

/** Each known cause with the sentence that helps. The first one that fits wins, so the narrow ones stand first. */
const knownCauses = [
  {
    pattern: /ENOSPC|no space left/i,
    message: 'the disk is full',
    hint: 'free about 600 MB where the repository lies, then type the command again.',
  },
  {
    pattern: /EACCES|EPERM|EROFS|permission denied|read-only file system/i,
    message: 'a file could not be written',
    hint: 'clone the repository as yourself into a folder you may write to (an earlier run with sudo leaves files of root in .tools and node_modules: remove these two).',
  },
  {
    pattern: /EINTEGRITY|integrity check|TARBALL_INTEGRITY|checksum/i,
    message: 'a downloaded package is not the one its checksum names',
    hint: 'run `npm cache verify` and try again; if it stays, your registry or proxy gives out altered packages.',
  },
  {
    pattern: /OUTDATED_LOCKFILE|lockfile is not up to date|not up-to-date with/i,
    message: 'pnpm-lock.yaml does not fit the package.json files',
    hint: 'after changing a dependency run `npm run exec -- pnpm install` and commit pnpm-lock.yaml with it.',
  },
  {
    pattern: certificate,
    message: "the registry's certificate was not accepted",
    hint: 'behind a company proxy set `npm config set cafile FILE` (and NODE_EXTRA_CA_CERTS=FILE).',
  },
  {
    pattern: network,
    message: 'the package registry cannot be reached',
    hint: 'the first run needs the network (later ones do not); check the connection, and behind a proxy `npm config get proxy` and `npm config get registry`.',
  },
  {
    pattern: /E404|ETARGET|ERR_PNPM_FETCH_404|404 Not Found|No matching version/i,
    message: 'your registry does not have a package of the pinned version',
    hint: 'see which registry is asked: `npm config get registry`.',
  },
  {
    pattern: /E401|E403|401 Unauthorized|403 Forbidden|FETCH_40[13]/i,
    message: 'your registry refused the request',
    hint: 'see which registry is asked (`npm config get registry`) and whether its token is still good.',
  },
];

/**
 * Turns the output of a failed installer into a sentence that helps.
 *
 * @param {string} what the thing that was done, such as "getting Node 26.10.0"
 * @param {string} output
 * @returns {BootstrapError}
 */
export function explainInstallerFailure(what, output) {
  const cause = knownCauses.find((candidate) => candidate.pattern.test(output));
  if (cause === undefined) {
    return new BootstrapError(`${what} failed.`, { hint: 'read the lines above; they are the installer’s own.', output });
  }
  const [firstLines] = /^(?:.*\n?){0,8}/.exec(output) ?? [''];
  return new BootstrapError(`${what} failed: ${cause.message}.`, { hint: cause.hint, output: firstLines });
}

/**
 * Turns an error of the file system into a sentence that helps; an error that is no such thing is given back as it is.
 *
 * @param {unknown} error
 * @returns {unknown}
 */
export function explainSystemError(error) {
  const code = codeOf(error);
  if (!(error instanceof Error) || code === undefined) return error;
  const cause = knownCauses.find((candidate) => candidate.pattern.test(code));
  if (cause === undefined) return error;
  return new BootstrapError(`${cause.message}: ${error.message}`, { hint: cause.hint, cause: error });
}
