/**
 * The folder that `npm start` keeps: data of both products, their configs, their logs, and what must stay the same from one start
 * to the next. The configs are written anew at each start; the data persists, so nothing is shipped twice.
 */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessLock } from '../../shared/sqlite/process-lock.ts';
import { UsageError } from './options.ts';

/** The kernel's limit of a unix socket's path is 108 bytes with its end. */
const socketPathBytesMax = 100;
const longestSocketName = 'agent.sock';

export interface Place extends Disposable {
  readonly dataDir: string;
  readonly runDir: string;
  readonly archiveDir: string;
  readonly hubConfig: string;
  readonly agentConfig: string;
  readonly hubLog: string;
  readonly agentLog: string;
  /** Processes of the last start, to be looked at by the next one. */
  readonly processesFile: string;
  readonly port: number;
  /** Where the page is. */
  readonly pagePort: number;
}

export interface PlaceFiles {
  readonly dataDir: string;
  readonly hubConfig: string;
  readonly agentConfig: string;
}

export function placeFiles(dataDir: string): PlaceFiles {
  return { dataDir, hubConfig: join(dataDir, 'hub.yaml'), agentConfig: join(dataDir, 'agent.yaml') };
}

/** Takes the folder for this process. A second start on the same folder is refused: two hubs cannot have one store. */
export async function openPlace(dataDir: string): Promise<Place> {
  const files = placeFiles(dataDir);
  let lock: ProcessLock | undefined;
  try {
    mkdirSync(dataDir, { recursive: true });
    lock = ProcessLock.take(join(dataDir, 'start.lock'));
  } catch (error) {
    throw new UsageError(`${dataDir} cannot be written: ${messageOf(error)}. Name another folder with --data DIR.`, 1);
  }
  if (lock === undefined) {
    throw new UsageError(
      `npm start already runs on ${dataDir}: stop it with Ctrl-C there, or name another folder with --data DIR.`,
      1,
    );
  }
  const runDir = openRunDir(dataDir);
  return {
    ...files,
    runDir,
    archiveDir: join(dataDir, 'hub', 'archive'),
    hubLog: join(dataDir, 'hub.log'),
    agentLog: join(dataDir, 'agent.log'),
    processesFile: join(dataDir, 'processes.json'),
    port: await keepPort(join(dataDir, 'port.json')),
    pagePort: await keepPort(join(dataDir, 'page-port.json')),
    [Symbol.dispose]: () => lock[Symbol.dispose](),
  };
}

export interface ConfigOptions {
  readonly inputs: readonly { readonly type: string; readonly paths: readonly string[] }[];
  /** How long a record may wait before an archive object is written. */
  readonly rollInterval: string;
}

/** JSON's texts are YAML's, so any path can be written. */
export function writeConfigs(place: Place, { inputs, rollInterval }: ConfigOptions): void {
  const note = '# Written by npm start, anew each time. Copy it to go on from it.\n';
  const hub = [
    `data_dir: ${JSON.stringify(join(place.dataDir, 'hub'))}`,
    `run_dir: ${JSON.stringify(place.runDir)}`,
    // The logs are of the tenant default: what the hub tells of itself is found apart from them.
    'platform_tenant: tributary',
    'listeners:',
    `  agents: { address: "127.0.0.1:${place.port}" }`,
    `  http: { address: "127.0.0.1:${place.pagePort}" }`,
    'outputs:',
    `  - { kind: archive, roll_interval: ${rollInterval} }`,
  ];
  const agent = [
    `data_dir: ${JSON.stringify(join(place.dataDir, 'agent'))}`,
    `run_dir: ${JSON.stringify(place.runDir)}`,
    `hubs: ["ws://127.0.0.1:${place.port}"]`,
    // What is printed counts lines of files.
    'events: { enabled: false }',
    inputs.length === 0 ? 'inputs: []' : 'inputs:',
    ...inputs.flatMap(({ type, paths }) => ['  - kind: file', `    type: ${type}`, `    paths: ${JSON.stringify(paths)}`]),
  ];
  replaceFile(place.hubConfig, `${note}${hub.join('\n')}\n`);
  replaceFile(place.agentConfig, `${note}${agent.join('\n')}\n`);
}

export function replaceFile(path: string, content: string): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

/** Sockets live beside the data, unless the path is too long for them: then in a short folder. */
function openRunDir(dataDir: string): string {
  const beside = join(dataDir, 'run');
  if (!fitsSocket(beside)) return openPrivateFolder(dataDir, 'run', (path) => fitsSocket(path));
  mkdirSync(beside, { recursive: true, mode: 0o700 });
  return beside;
}

/** A folder under the system's temporary one that only we may enter; always the same for the same data folder. */
export function openPrivateFolder(dataDir: string, purpose: string, fits: (path: string) => boolean = () => true): string {
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  const name = `tributary-${purpose}-${process.getuid?.() ?? 0}-${hash}`;
  const path = fits(join(tmpdir(), name)) ? join(tmpdir(), name) : join('/tmp', name);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  checkOwner(path);
  return path;
}

function fitsSocket(runDir: string): boolean {
  return Buffer.byteLength(join(runDir, longestSocketName)) <= socketPathBytesMax;
}

/** A folder under a shared temporary one may have been made by somebody else before us. */
function checkOwner(path: string): void {
  const stat = lstatSync(path);
  const uid = process.getuid?.() ?? stat.uid;
  if (stat.isDirectory() && stat.uid === uid && (stat.mode & 0o022) === 0) return;
  throw new UsageError(
    `${path} belongs to somebody else or is open to others: remove it, or name another folder with --data DIR.`,
    1,
  );
}

/** The port of the last start if it is free, so that configs made by hand go on working; else any free one. */
async function keepPort(file: string): Promise<number> {
  const last = existsSync(file) ? readPort(file) : 0;
  const port = last > 0 && (await isFree(last)) ? last : await takeFreePort();
  if (port !== last) replaceFile(file, `${JSON.stringify({ port })}\n`);
  return port;
}

function readPort(file: string): number {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const port = typeof value === 'object' && value !== null && 'port' in value ? value.port : 0;
    return typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536 ? port : 0;
  } catch {
    return 0;
  }
}

async function isFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== undefined;
}

async function takeFreePort(): Promise<number> {
  const port = await listenOnce(0);
  if (port === undefined) throw new UsageError('no free port on the loopback was found.', 1);
  return port;
}

async function listenOnce(port: number): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const server = createServer();
  server.once('error', () => resolve(undefined));
  server.listen({ host: '127.0.0.1', port }, () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
  });
  return await promise;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
