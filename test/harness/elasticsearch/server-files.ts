/** The folder of one node: its configuration, data, logs and temporary files, which belong to whom it runs as. */
import { execFile } from 'node:child_process';
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

export interface ElasticsearchUser {
  readonly name: string;
  readonly password: string;
  /** `superuser` may all; others are in `rolesFile`. */
  readonly roles: readonly string[];
}

/** In PEM. */
export interface ElasticsearchTls {
  readonly cert: string;
  readonly key: string;
  /** Of the authority that `request` believes, and the server for certificates of clients. */
  readonly authority: string;
}

export type ElasticsearchSettings = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface ServerFiles {
  readonly folder: string;
  readonly settings: ElasticsearchSettings;
  readonly jvmOptions: readonly string[];
  readonly users: readonly ElasticsearchUser[];
  /** What is in roles.yml: roles of the test's own. */
  readonly rolesFile?: string | undefined;
  readonly tls?: ElasticsearchTls | undefined;
}

/** What it says goes to standard output only. */
const logging = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}]%marker %m%consoleException%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
`;

export async function writeServerFiles(files: ServerFiles): Promise<void> {
  const config = join(files.folder, 'config');
  for (const each of ['config', 'data', 'logs', 'tmp']) await mkdir(join(files.folder, each), { recursive: true });
  // JSON is YAML.
  const settings = Object.entries(files.settings).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`);
  await writeFile(join(config, 'elasticsearch.yml'), settings.join(''));
  await writeFile(join(config, 'jvm.options'), `${files.jvmOptions.join('\n')}\n`);
  await writeFile(join(config, 'log4j2.properties'), logging);
  await writeFile(join(config, 'users'), files.users.map((user) => `${user.name}:${hashOf(user.password)}\n`).join(''));
  const roles = files.users.flatMap(({ name, roles: own }) => own.map((role) => `${role}:${name}\n`));
  await writeFile(join(config, 'users_roles'), roles.join(''));
  await writeFile(join(config, 'roles.yml'), files.rolesFile ?? '');
  if (files.tls !== undefined) await writeTlsFiles(files.folder, files.tls);
  await giveToNobody(files.folder);
}

/** A running server takes them within seconds. */
export async function writeTlsFiles(folder: string, tls: ElasticsearchTls): Promise<void> {
  await writeFile(join(folder, 'config/http.key'), tls.key);
  await writeFile(join(folder, 'config/http.crt'), tls.cert);
  await writeFile(join(folder, 'config/authority.crt'), tls.authority);
}

export const tlsSettings: ElasticsearchSettings = {
  'xpack.security.http.ssl.enabled': true,
  'xpack.security.http.ssl.key': 'http.key',
  'xpack.security.http.ssl.certificate': 'http.crt',
  'xpack.security.http.ssl.certificate_authorities': ['authority.crt'],
};

/** Elasticsearch refuses to run as root. */
export async function giveToNobody(folder: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  await promisify(execFile)('chown', ['-R', 'nobody', folder]);
  // A scratch folder is closed to others.
  const top = process.env['TRIBUTARY_TEST_DIR'] ?? tmpdir();
  for (let above = dirname(folder); above.startsWith(`${top}/`); above = dirname(above)) {
    await chmod(above, (await stat(above)).mode | 0o011);
  }
}

/** One of the kinds that the file may have; few iterations, as each new connection would wait for them. */
function hashOf(password: string): string {
  const iterations = 1000;
  const salt = randomBytes(32);
  const hash = pbkdf2Sync(password, salt, iterations, 32, 'sha512');
  return `{PBKDF2}${iterations}$${salt.toString('base64')}$${hash.toString('base64')}`;
}
