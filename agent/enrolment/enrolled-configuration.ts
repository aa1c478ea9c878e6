/**
 * The configuration file as enrolment leaves it: a new one has comments and sensible first inputs; of one that is there only `hubs` is
 * set, and everything else stays as it was written.
 */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Document, isMap, isNode, isScalar, isSeq, type Node, parseDocument } from 'yaml';
import { writeDurably } from '@tributary/shared/durable-file.ts';
import { makeOptionFolder } from '../option-folder.ts';

export interface WantedConfiguration {
  readonly hubs: readonly string[];
  /** For a new file; undefined: what is usual. */
  readonly dataDir: string | undefined;
  readonly proxy: string | undefined;
  /** For a new file: the system's log is the journal, and no text file. */
  readonly onlyJournal: boolean;
}

export interface ConfigurationChange {
  readonly text: string;
  /** In words; empty when the file is as it should be. */
  readonly changes: readonly string[];
  readonly isNew: boolean;
}

const newFileMode = 0o644;

/** What the file would be. Throws where the one that is there is no YAML. */
export function plannedConfiguration(file: string, wanted: WantedConfiguration): ConfigurationChange {
  if (!existsSync(file)) return { text: newConfiguration(wanted), changes: ['a new configuration'], isNew: true };
  const text = readFileSync(file, 'utf8');
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw new ConfigurationFileError(`${file}: ${error.message}`);
  const before = hubsOf(document);
  if (before.length === wanted.hubs.length && wanted.hubs.every((hub) => before.includes(hub))) {
    return { text, changes: [], isNew: false };
  }
  const was = before.length === 0 ? '' : ` (before: ${before.join(', ')})`;
  return { text: withHubs(text, document, wanted.hubs), changes: [`hubs: ${wanted.hubs.join(', ')}${was}`], isNew: false };
}

/** Only the value of `hubs` is touched, as text: a library that writes the whole file anew has a taste of its own. */
function withHubs(text: string, document: Document, hubs: readonly string[]): string {
  const node = document.get('hubs', true);
  const [start, end] = isNode(node) && isCollectionOrText(node) ? (node.range ?? []) : [];
  if (start !== undefined && end !== undefined) {
    const before = text.slice(0, start);
    const written = text.slice(start, end);
    // A list may stand at the beginning of a line, and reach over the empty lines behind it.
    const indent = before.endsWith('\n') ? '  ' : '';
    const behind = written.slice(written.trimEnd().length) + text.slice(end);
    return `${before}${indent}[${hubs.map((hub) => JSON.stringify(hub)).join(', ')}]${behind}`;
  }
  if (document.has('hubs') || (isMap(document.contents) && document.contents.flow === true)) {
    document.set('hubs', document.createNode([...hubs]));
    return document.toString({ lineWidth: 0 });
  }
  const lines = hubs.map((hub) => `  - ${JSON.stringify(hub)}\n`).join('');
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}hubs:\n${lines}`;
}

/** An empty value has no place that could be written to. */
function isCollectionOrText(node: Node): boolean {
  return isSeq(node) || (isScalar(node) && typeof node.value === 'string');
}

/** The file keeps its rights, and what leads to it. Throws a FileWriteError. */
export function writeConfiguration(file: string, { text, changes }: ConfigurationChange): void {
  if (changes.length === 0) return;
  makeConfigurationFolder(file);
  const target = targetOf(file);
  const stats = statSync(target, { throwIfNoEntry: false });
  const owner = process.geteuid?.() === 0 ? stats : undefined;
  writeDurably(target, text, { mode: stats === undefined ? newFileMode : stats.mode & 0o777, owner });
}

/** The folder in which the configuration is written. Throws a FolderUnusableError, so that it is known before a token is used. */
export function makeConfigurationFolder(file: string): void {
  makeOptionFolder('--config', dirname(targetOf(file)), 0o755);
}

function targetOf(file: string): string {
  return existsSync(file) ? realpathSync(file) : file;
}

export class ConfigurationFileError extends Error {
  override readonly name = 'ConfigurationFileError';
  readonly code = 'CONFIG';
}

function hubsOf(document: Document): string[] {
  const hubs = document.get('hubs');
  if (!isSeq(hubs)) return [];
  return hubs.toJSON().filter((hub: unknown) => typeof hub === 'string');
}

const systemLogs = "'/var/log/{syslog,messages,kern.log,auth.log,secure,cron,cron.log,daemon.log}'";

const fileInput = `  # The system's log files, by the names that Debian, Ubuntu, Red Hat and SUSE give them. A pattern: none of them has to be there.
  - kind: file
    type: system
    paths:
      - ${systemLogs}

  # Where the journal is all there is, instead of these files:
  # - { kind: journald, type: system }
`;

const journalInput = `  # The system's journal: this machine had no text files of the system's log when it was enrolled.
  - kind: journald
    type: system

  # Where a syslog daemon writes files, instead of it:
  # - { kind: file, type: system, paths: [${systemLogs}] }
`;

function newConfiguration({ hubs, dataDir, proxy, onlyJournal }: WantedConfiguration): string {
  const dataLine = dataDir === undefined ? '# data_dir: /var/lib/tributary/agent' : `data_dir: ${JSON.stringify(dataDir)}`;
  const proxyLine = proxy === undefined ? '# proxy: http://proxy.example.com:3128' : `proxy: ${JSON.stringify(proxy)}`;
  return `# What tributary-agent reads and where it sends it. Every option: docs/reference/agent.md.
# \`tributary-agent check\` tells what is wrong with this file and what would be read; changes of \`inputs\` take effect at once.

# The hubs of one site. The certificate that they are met with is in data_dir/tls, and says whose everything is that is sent.
hubs:
${hubs.map((hub) => `  - ${JSON.stringify(hub)}`).join('\n')}

# Identity, certificate and buffer of this machine. Never copied to another one (docs/operating/enrolment.md).
${dataLine}

# An HTTP proxy on the way to the hubs.
${proxyLine}

# Added to every record, beside those of the enrolment token.
labels: {}

inputs:
${onlyJournal ? journalInput : fileInput}
  # One input for each program, so that each is found under a type of its own:
  # - { kind: file, type: nginx, paths: [/var/log/nginx/*.log] }

  # How the machine is: processor, memory, disks, network.
  - kind: metrics
`;
}
