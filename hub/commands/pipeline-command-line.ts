/** The commands `try` and `test`, as they are typed. */
import type { Command } from 'commander';
import type { CommandLineParts } from './access-command-line.ts';

interface TryFlags {
  readonly json: boolean;
  readonly last: boolean;
  readonly profile: boolean;
  readonly show: boolean;
  readonly types: boolean;
  readonly limit?: string;
  readonly tenant?: string;
  readonly type?: string;
  readonly host?: string;
  readonly received?: string;
  readonly pipelinesDir?: string;
}

interface TestFlags {
  readonly json: boolean;
  readonly update: boolean;
  readonly coverage?: string;
  readonly junit?: string;
}

export function addPipelineCommands(program: Command, parts: CommandLineParts): void {
  addTry(program.command('try'), parts);
  addTest(program.command('test'), parts);
}

function addTry(command: Command, { host, finish, configOption, configOf }: CommandLineParts): void {
  command
    .description('send lines through a pipeline and print what each step makes of them; changes nothing')
    .argument('[pipeline]', 'a name in pipelines_dir, a preset, or the path of a file')
    .argument('[file]', 'with lines; standard input unless named')
    .addOption(configOption())
    .option('--pipelines-dir <folder>', "where pipelines are, instead of the configuration's pipelines_dir")
    .option('--last', 'only what comes out', false)
    .option('--json', 'print a JSON object a line', false)
    .option('--limit <lines>', 'stop after so many')
    .option('--tenant <tenant>', 'as if the lines were of this tenant')
    .option('--type <type>', 'as if they were of this log type; the pipeline\u2019s name unless given')
    .option('--host <host>', 'as if they came from this machine')
    .option('--received <time>', 'as if they had come then; now unless given')
    .option('--profile', 'only how long each step takes, over all lines', false)
    .option('--show', "only the pipeline's text, and those of the presets that it names", false)
    .option('--types', 'only the types of scripts, for a file tributary.d.ts beside them', false)
    .action(async (pipeline: string | undefined, file: string | undefined, flags: TryFlags) => {
      const { tryCommand } = await import('./try.ts');
      finish(await tryCommand({ pipeline, file, ...flags, ...configOf(command) }, host));
    });
}

function addTest(command: Command, { host, finish, configOption, configOf }: CommandLineParts): void {
  command
    .description('run the cases beside pipelines (NAME.test.yaml); exits 1 when one fails')
    .argument('[folder]', 'pipelines_dir of the configuration unless named')
    .addOption(configOption())
    .option('--coverage <percent>', 'fail when the cases run a smaller part of the steps')
    .option('--junit <file>', 'write the results for CI, too')
    .option('--json', 'print JSON', false)
    .option('--update', 'write what comes out as what is expected', false)
    .action(async (folder: string | undefined, flags: TestFlags) => {
      const { testCommand } = await import('./test-pipelines.ts');
      finish(await testCommand({ folder, ...flags, ...configOf(command) }, host));
    });
}
