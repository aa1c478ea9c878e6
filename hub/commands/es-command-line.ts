/** The command `es`, as it is typed. */
import type { Command } from 'commander';
import type { CommandLineParts } from './access-command-line.ts';

interface SetupFlags {
  readonly diff: boolean;
  readonly force: boolean;
  readonly output?: string;
  readonly json: boolean;
}

interface DashboardsFlags {
  readonly output?: string;
  readonly file?: string;
  readonly grafana?: string;
  readonly send: boolean;
  readonly force: boolean;
  readonly json: boolean;
}

export function addEsCommands(program: Command, { host, finish, configOption, configOf }: CommandLineParts): void {
  const es = program.command('es').description('the Elasticsearch clusters that the outputs name').helpCommand(false);
  const setup = es.command('setup');
  setup
    .description('install templates and lifecycle where they are missing or from before; leaves what somebody changed')
    .addHelpText('after', setupHelpText)
    .addOption(configOption())
    .option('--diff', 'change nothing: print what would change', false)
    .option('--force', 'also overwrite what somebody changed, or made under these names', false)
    .option('--output <name>', 'only the cluster of this output')
    .option('--json', 'print JSON', false)
    .action(async (flags: SetupFlags) => {
      const { esSetupCommand } = await import('./es-setup.ts');
      finish(await esSetupCommand({ ...flags, ...configOf(setup) }, host));
    });
  const dashboards = es.command('dashboards');
  dashboards
    .description('dashboards for Kibana and Grafana: sent to the Kibana of the configuration, else written as a file')
    .addHelpText('after', dashboardsHelpText)
    .addOption(configOption())
    .option('--output <name>', 'only those of this output')
    .option('--file <path>', 'write what Kibana imports to this file; - prints it')
    .option('--grafana <folder>', 'write a file for each dashboard of Grafana there')
    .option('--send', 'send them to Kibana: the configured one, else one that is found beside Elasticsearch', false)
    .option('--force', 'also overwrite what somebody changed', false)
    .option('--json', 'print JSON', false)
    .action(async (flags: DashboardsFlags) => {
      const { esDashboardsCommand } = await import('./es-dashboards.ts');
      finish(await esDashboardsCommand({ ...flags, ...configOf(dashboards) }, host));
    });
}

const setupHelpText = `
A hub does it at its start for each output that does not say setup: false, so this is for looking, for a user with other privileges
(docs/operating/elasticsearch.md has them), and for --force. It may be done again and again, also while hubs run.

Examples:
  tributary-hub es setup --diff
  tributary-hub es setup --output elasticsearch --json`;

const dashboardsHelpText = `
Without --file, --grafana and --send they go to kibana.url of the output where it has one, else into tributary-dashboards.ndjson, which
Kibana imports under Stack Management, Saved Objects. What somebody changed in Kibana stays as it is, and is told.

Examples:
  tributary-hub es dashboards
  tributary-hub es dashboards --send
  tributary-hub es dashboards --file - > dashboards.ndjson
  tributary-hub es dashboards --grafana /var/lib/grafana/dashboards`;
