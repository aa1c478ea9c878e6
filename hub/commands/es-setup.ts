/** `es setup`: installs what the Elasticsearch outputs need, and tells what is there and what would change. */
import { printable } from '@tributary/shared/printable.ts';
import type { ElasticsearchOutputOptions } from '../config/elasticsearch-options.ts';
import type { HubOptions } from '../options.ts';
import { Connection, NoAnswerError } from '../outputs/elasticsearch/client/connection.ts';
import type { AppliedItem } from '../outputs/elasticsearch/setup/apply-setup.ts';
import { actionWords, diffOf } from '../outputs/elasticsearch/setup/setup-diff.ts';
import { setupChoice } from '../outputs/elasticsearch/setup/setup-choice.ts';
import { kindNames } from '../outputs/elasticsearch/setup/setup-item.ts';
import { SetupError } from '../outputs/elasticsearch/setup/setup-server.ts';
import { setUp, type SetupReport } from '../outputs/elasticsearch/setup/set-up.ts';
import { typeFieldsOf } from '../outputs/elasticsearch/setup/type-fields.ts';
import { readPipelines } from '../processing/definition/read-pipelines.ts';
import { type CommandHost, type ExitCode, exitCode, UsageError } from './exit.ts';
import { type ConfigRequest, loadConfig } from './load-config.ts';
import { cell, jsonLine, table } from './tables.ts';

export interface EsSetupRequest extends ConfigRequest {
  readonly diff: boolean;
  readonly force: boolean;
  readonly output?: string;
  readonly json: boolean;
}

interface OutputSetup {
  readonly output: string;
  readonly report: SetupReport | undefined;
  /** Why there is no report. */
  readonly trouble: string | undefined;
}

export async function esSetupCommand(request: EsSetupRequest, host: CommandHost): Promise<ExitCode> {
  const options = loadConfig(request, host);
  const setups: OutputSetup[] = [];
  for (const output of chosenOutputs(options, request)) {
    const setup = await setUpOutput(output, options, { request, env: host.env });
    setups.push(setup);
    if (!request.json) await tell(setup, request, host);
  }
  if (request.json) await host.out(jsonLine({ outputs: setups.map((setup) => jsonOf(setup, request)) }));
  return setups.every(({ report }) => report?.items.every(({ action }) => action !== 'refused') === true)
    ? exitCode.done
    : exitCode.failed;
}

/** Throws a UsageError where there are none. */
export function chosenOutputs(
  { outputs }: HubOptions,
  { output, configFile }: Pick<EsSetupRequest, 'output' | 'configFile'>,
): ElasticsearchOutputOptions[] {
  const all = outputs.filter((one) => one.kind === 'elasticsearch');
  if (all.length === 0) throw new UsageError(`no output of ${configFile} is of the kind elasticsearch`);
  if (output === undefined) return all;
  const named = all.filter(({ name }) => name === output);
  if (named.length > 0) return named;
  throw new UsageError(`no output ${output} of the kind elasticsearch: there is ${all.map(({ name }) => name).join(', ')}`);
}

async function setUpOutput(
  output: ElasticsearchOutputOptions,
  options: HubOptions,
  { request, env }: { readonly request: EsSetupRequest; readonly env: CommandHost['env'] },
): Promise<OutputSetup> {
  const { set } = readPipelines(options.pipelines_dir, options.pipelines);
  const choice = setupChoice(
    output,
    typeFieldsOf({ set, env, tenants: output.tenants, types: output.types }),
    options.housekeeping.retention,
  );
  try {
    await using connection = await Connection.open(output);
    const report = await setUp(connection, choice, { dryRun: request.diff, force: request.force });
    return { output: output.name, report, trouble: undefined };
  } catch (error) {
    if (!(error instanceof SetupError) && !(error instanceof NoAnswerError)) throw error;
    const where = output.urls.join(', ');
    const trouble = error instanceof NoAnswerError ? `no answer from ${where}: ${error.message}` : `${where}: ${error.message}`;
    return { output: output.name, report: undefined, trouble };
  }
}

async function tell({ output, report, trouble }: OutputSetup, request: EsSetupRequest, host: CommandHost): Promise<void> {
  if (report === undefined) return host.err(`tributary-hub: ${output}: ${printable(trouble ?? '')}\n`);
  const { abilities, items, unused, problems, notes } = report;
  if (request.diff) {
    const lines = items.flatMap((item) => diffOf(item, request.force)).map((line) => `${printable(line)}\n`);
    await host.out(lines.length === 0 ? `${output}: nothing would change\n` : lines.join(''));
  } else {
    await host.out(`${output}: Elasticsearch ${printable(abilities.version)}\n`);
    await host.out(
      table(
        ['OBJECT', 'NAME', 'STATE', 'DONE'],
        items.map((item) => itemRow(item, request)),
      ),
    );
  }
  for (const problem of problems) host.err(`${output}: ${printable(problem)}\n`);
  for (const note of notes) host.err(`${output}: ${printable(note)}\n`);
  for (const { kind, name } of unused)
    host.err(`${output}: the ${kindNames[kind]} ${printable(name)} is the hub's own, and not of this configuration\n`);
}

function itemRow({ item, state, action }: AppliedItem, { diff }: EsSetupRequest): string[] {
  return [kindNames[item.kind], cell(item.name, 80), state, actionWords[action][diff ? 'planned' : 'done']];
}

function jsonOf({ output, report, trouble }: OutputSetup, { diff, force }: EsSetupRequest): object {
  if (report === undefined) return { output, error: trouble };
  const { abilities, items, unused, problems, notes } = report;
  return {
    output,
    abilities: { ...abilities, lifecycle: abilities.lifecycle ?? null, missingTypes: [...abilities.missingTypes] },
    items: items.map((applied) => ({
      kind: applied.item.kind,
      name: applied.item.name,
      state: applied.state,
      action: applied.action,
      ...(applied.problem !== undefined && { problem: applied.problem }),
      ...(diff && { diff: diffOf(applied, force) }),
    })),
    unused,
    problems,
    notes,
  };
}
