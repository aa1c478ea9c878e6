/** `es dashboards`: makes the dashboards of the Elasticsearch outputs, and sends them to Kibana or writes them as files. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { printable } from '@tributary/shared/printable.ts';
import type { ElasticsearchOutputOptions } from '../config/elasticsearch-options.ts';
import { grafanaFiles } from '../outputs/elasticsearch/dashboards/grafana/grafana-files.ts';
import { findKibana } from '../outputs/elasticsearch/dashboards/kibana/find-kibana.ts';
import { KibanaClient, KibanaError, type KibanaAccess } from '../outputs/elasticsearch/dashboards/kibana/kibana-client.ts';
import { type KibanaChoice, kibanaObjects } from '../outputs/elasticsearch/dashboards/kibana/kibana-objects.ts';
import { ndjson } from '../outputs/elasticsearch/dashboards/kibana/saved-object.ts';
import { SavedObjectCalls } from '../outputs/elasticsearch/dashboards/kibana/saved-object-calls.ts';
import { type SentObject, sendObjects } from '../outputs/elasticsearch/dashboards/kibana/send-objects.ts';
import { knownTypes, pipelineMetrics } from '../outputs/elasticsearch/dashboards/known-types.ts';
import type { PipelineSet } from '../processing/definition/pipeline-set.ts';
import { readPipelines } from '../processing/definition/read-pipelines.ts';
import { chosenOutputs } from './es-setup.ts';
import { type CommandHost, type ExitCode, exitCode, UsageError } from './exit.ts';
import { type ConfigRequest, loadConfig } from './load-config.ts';
import { cell, jsonLine, table } from './tables.ts';

export interface EsDashboardsRequest extends ConfigRequest {
  readonly output?: string;
  readonly file?: string;
  readonly grafana?: string;
  readonly send: boolean;
  readonly force: boolean;
  readonly json: boolean;
}

interface Done {
  readonly output: string;
  /** What was done, as sentences. */
  readonly told: string[];
  /** What somebody ought to look at, as sentences. */
  readonly problems: string[];
  kibana?: { readonly url: string; readonly objects: readonly SentObject[] };
  hasFailed: boolean;
}

const fileDefault = 'tributary-dashboards.ndjson';

export async function esDashboardsCommand(request: EsDashboardsRequest, host: CommandHost): Promise<ExitCode> {
  const options = loadConfig(request, host);
  const outputs = chosenOutputs(options, request);
  if (outputs.length > 1 && (request.file !== undefined || request.grafana !== undefined))
    throw new UsageError(`--file and --grafana are for one output: say --output ${outputs.map(({ name }) => name).join(' or ')}`);
  if (request.json && request.file === '-') throw new UsageError('--json and --file - would print both into one');
  const { set } = readPipelines(options.pipelines_dir, options.pipelines);
  const all: Done[] = [];
  for (const output of outputs) {
    const done: Done = { output: output.name, told: [], problems: [], hasFailed: false };
    all.push(done);
    await bring(output, {
      set,
      request,
      host,
      done,
      fileDefault: outputs.length > 1 ? `${output.name}-${fileDefault}` : fileDefault,
    });
    if (!request.json) await tell(done, host);
  }
  if (request.json) await host.out(jsonLine({ outputs: all }));
  return all.some(({ hasFailed }) => hasFailed) ? exitCode.failed : exitCode.done;
}

interface Bringing {
  readonly set: PipelineSet;
  readonly request: EsDashboardsRequest;
  readonly host: CommandHost;
  readonly done: Done;
  readonly fileDefault: string;
}

async function bring(output: ElasticsearchOutputOptions, bringing: Bringing): Promise<void> {
  const { request, host, done } = bringing;
  const { file, grafana, send } = request;
  const types = knownTypes(bringing.set, output.types);
  if (grafana !== undefined) await writeGrafana(resolve(grafana), types, bringing);
  const isUndecided = file === undefined && grafana === undefined && !send;
  if (send || (isUndecided && output.kibana !== undefined)) return await sendAll(output, types, bringing);
  if (isUndecided) await mentionKibana(output, done);
  if (file === undefined && !isUndecided) return;
  const text = ndjson(kibanaObjects(choiceOf(output, types)));
  if (file === '-') return await host.out(text);
  const path = resolve(file ?? bringing.fileDefault);
  await writeFile(path, text);
  done.told.push(`${path} is written: import it in Kibana under Stack Management, Saved Objects`);
}

function choiceOf(
  { name, tenants, kibana, platform_names: platformNames }: ElasticsearchOutputOptions,
  types: readonly string[],
): KibanaChoice {
  return { output: name, space: kibana?.space, tenants, platformNames, types };
}

async function writeGrafana(folder: string, types: readonly string[], { set, host, done }: Bringing): Promise<void> {
  const files = grafanaFiles(types, pipelineMetrics(set, host.env));
  await mkdir(folder, { recursive: true });
  for (const { name, content } of files) await writeFile(join(folder, name), content);
  done.told.push(`${files.length} dashboards for Grafana are in ${folder}`);
}

async function sendAll(output: ElasticsearchOutputOptions, types: readonly string[], { request, done }: Bringing): Promise<void> {
  try {
    const access = output.kibana === undefined ? await foundAccess(output, done) : accessOf(output, output.kibana);
    const choice = choiceOf(output, types);
    const calls = new SavedObjectCalls(new KibanaClient(access), choice.space);
    const objects = await sendObjects(calls, kibanaObjects(choice), { naming: choice, force: request.force });
    done.kibana = { url: access.url, objects };
    done.hasFailed ||= objects.some(({ outcome }) => outcome === 'refused');
  } catch (error) {
    if (!(error instanceof KibanaError)) throw error;
    done.problems.push(error.message);
    done.hasFailed = true;
  }
}

/** Kibana knows the users of its Elasticsearch: without credentials of its own those of the output are taken. */
function accessOf(output: ElasticsearchOutputOptions, kibana: NonNullable<ElasticsearchOutputOptions['kibana']>): KibanaAccess {
  const hasOwn = kibana.api_key !== undefined || kibana.username !== undefined;
  const { api_key, username, password } = hasOwn ? kibana : output;
  return { url: kibana.url, api_key, username, password, ca: kibana.ca ?? output.ca };
}

async function foundAccess(output: ElasticsearchOutputOptions, done: Done): Promise<KibanaAccess> {
  const found = await findKibana(output.urls, output.ca);
  if (found === undefined)
    throw new KibanaError(
      `no Kibana was found beside ${output.urls.join(', ')}: say where it is with kibana: {url: …} of the output`,
    );
  done.told.push(`Kibana was found at ${found.url}, as ${found.because}`);
  const access = accessOf(output, { url: found.url });
  const isLaidOpen = found.url.startsWith('http:') && output.urls.every((url) => url.startsWith('https:'));
  if (isLaidOpen && (access.api_key ?? access.password) !== undefined)
    throw new KibanaError(
      `${found.url} is not encrypted, and credentials are not sent there unless kibana: {url: …} of the output says so`,
    );
  return access;
}

async function mentionKibana({ urls, ca }: ElasticsearchOutputOptions, done: Done): Promise<void> {
  const found = await findKibana(urls, ca);
  if (found === undefined) return;
  done.told.push(
    `there seems to be a Kibana at ${found.url}, as ${found.because}: --send sends them there, and kibana: {url: ${found.url}} makes it so`,
  );
}

async function tell({ output, told, problems, kibana }: Done, host: CommandHost): Promise<void> {
  for (const sentence of told) host.err(`${output}: ${printable(sentence)}\n`);
  for (const problem of problems) host.err(`tributary-hub: ${output}: ${printable(problem)}\n`);
  if (kibana === undefined) return;
  const byOutcome = Map.groupBy(kibana.objects, ({ outcome }) => outcome);
  const sums = [...byOutcome].map(([outcome, { length }]) => `${length} ${outcome}`).join(', ');
  await host.out(`${output}: ${printable(kibana.url)}: ${sums}\n`);
  const others = kibana.objects.filter(({ problem }) => problem !== undefined);
  if (others.length === 0) return;
  const rows = others.map(({ type, id, outcome, problem = '' }) => [type, cell(id, 80), outcome, cell(problem, 200)]);
  await host.out(table(['TYPE', 'ID', 'OUTCOME', 'WHY'], rows));
}
