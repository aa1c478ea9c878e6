import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * `${NAME}` is the environment's variable, `${file:PATH}` the content of a file without its last line ends, `$${` a literal `${`.
 * What is put in is not looked at again. Nothing of it may reach an error message: it is likely a secret.
 */
export interface SubstitutionSource {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that a relative PATH starts from: that of the configuration file. */
  readonly folder: string;
}

export interface Substitution {
  readonly text: string;
  /** What was put in, to be kept out of messages, and how the file names it. */
  readonly secrets: readonly { readonly value: string; readonly written: string }[];
  readonly failures: readonly { readonly message: string; readonly hint?: string }[];
}

const fileBytesMax = 64 * 1024;
/** What is put in from a file is likely a secret: one that others on this machine may read or change is none. Its group may read it. */
const othersMask = 0o007;

export function substitute(text: string, source: SubstitutionSource): Substitution {
  const secrets: { value: string; written: string }[] = [];
  const failures: { message: string; hint?: string }[] = [];
  const result = text.replaceAll(/\$\$\{|\$\{([^}]*)(\}?)/g, (written: string, name: string | undefined, end: string) => {
    if (name === undefined) return '${';
    const found = end === '' ? unclosed : look(name, source);
    if (typeof found === 'string') {
      if (found !== '') secrets.push({ value: found, written });
      return found;
    }
    failures.push(found);
    return '';
  });
  return { text: result, secrets, failures };
}

type Failure = Substitution['failures'][number];

const unclosed: Failure = { message: 'has "${" without "}"', hint: 'write $${ for the literal text ${' };

function look(name: string, source: SubstitutionSource): string | Failure {
  if (name.startsWith('file:')) return fromFile(name.slice('file:'.length), source.folder);
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    return {
      message: `has "\${${name}}", which names no environment variable`,
      hint: 'write ${NAME}, ${file:PATH}, or $${ for the literal text ${',
    };
  }
  const value = source.env[name];
  if (value !== undefined) return value;
  return { message: `the environment variable ${name} is not set`, hint: `set it, or write $\${${name}} for the literal text` };
}

function fromFile(path: string, folder: string): string | Failure {
  if (path === '') return { message: 'has "${file:}" without a path' };
  const file = resolve(folder, path);
  let handle: number | undefined;
  try {
    // A pipe that nobody writes to would be waited for, and a device has no end.
    handle = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = fstatSync(handle);
    const { size, mode } = stats;
    if (!stats.isFile())
      return { message: `the file ${path} cannot be read: it is ${stats.isDirectory() ? 'a folder' : 'no file'}` };
    if (size > fileBytesMax)
      return { message: `the file ${path} holds ${size} bytes`, hint: `at most ${fileBytesMax} can be put in` };
    // Windows has other rights, which its mode does not show.
    if (process.platform !== 'win32' && (mode & othersMask) !== 0) {
      return { message: `the file ${path} is open to every user of this machine`, hint: `chmod o-rwx ${file}` };
    }
    return readFileSync(handle, 'utf8').replace(/[\r\n]+$/, '');
  } catch (error) {
    return { message: `the file ${path} cannot be read: ${readFailure(error)}` };
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

/** Why a file cannot be read, in words. */
export function readFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : error.message;
  return readFailures[code] ?? code;
}

const readFailures: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is not a folder',
};
