/** The command `enroll`, as it is typed. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CommandLineParts } from './access-command-line.ts';

interface EnrollFlags {
  readonly tokenFile?: string;
  readonly output?: string;
  readonly json: boolean;
}

export function addEnroll(program: Command, { host, finish, configOption, configOf }: CommandLineParts): void {
  const enroll = program.command('enroll');
  enroll
    .description('let this hub forward to a higher site, with a token that was made there by `token create --hub`')
    .argument('[token]', 'the token, or - to read it from standard input')
    .option('--token-file <file>', 'read the token from a file')
    .option('--output <name>', 'the upstream among the outputs that it is for; the only one unless given')
    .addOption(configOption())
    .option('--json', 'print JSON', false)
    .action(async (token: string | undefined, { tokenFile, output, json }: EnrollFlags) => {
      const { enrollCommand } = await import('./enroll.ts');
      const file = tokenFile === undefined ? undefined : resolve(tokenFile);
      finish(await enrollCommand({ token, tokenFile: file, output, json, ...configOf(enroll) }, host));
    });
}
