// The commands of package.json: which program each one is, and which of its own flags npm swallows when `--` is forgotten.

/**
 * `entry` is relative to the repository. `flags` are the long options a person may type; npm turns one that stands before `--`
 * into an environment variable `npm_config_<name>` and the program never sees it.
 *
 * @typedef {{ entry: string, flags: string[] }} Command
 * @type {Record<string, Command>}
 */
export const commands = {
  start: { entry: 'scripts/start.ts', flags: ['once', 'data', 'rate'] },
  search: { entry: 'scripts/search.ts', flags: ['data'] },
  test: { entry: 'scripts/test.ts', flags: [] },
  check: { entry: 'scripts/check.ts', flags: [] },
  format: { entry: 'scripts/format.ts', flags: [] },
  bench: { entry: 'test/bench/main.ts', flags: ['json'] },
  faults: { entry: 'test/faults/main.ts', flags: ['json', 'list', 'page'] },
  ledger: { entry: 'test/harness/ledger/main.ts', flags: ['scenario', 'rounds', 'seed', 'json', 'binaries'] },
  package: { entry: 'packaging/build/package.ts', flags: ['target', 'out'] },
  docs: { entry: 'packaging/generate-docs.ts', flags: ['check'] },
  fixtures: { entry: 'protocol/fixtures/generate.ts', flags: [] },
};

/**
 * Finds a flag that npm kept for itself, and gives the sentence that says what to type instead.
 *
 * @param {string} name
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ message: string, hint: string } | undefined}
 */
export function describeSwallowedFlag(name, args, env) {
  const flags = commands[name]?.flags ?? [];
  const swallowed = flags.filter((flag) => {
    const value = env[`npm_config_${flag.replaceAll('-', '_')}`];
    return value !== undefined && value !== '' && !args.includes(`--${flag}`);
  });
  if (swallowed.length === 0) return undefined;
  const typed = swallowed.map((flag) => {
    const value = env[`npm_config_${flag.replaceAll('-', '_')}`];
    return value === 'true' ? `--${flag}` : `--${flag} ${quote(String(value))}`;
  });
  const command = name === 'start' || name === 'test' ? `npm ${name}` : `npm run ${name}`;
  const suggestion = [command, '--', ...typed, ...args.map(quote)].join(' ');
  return {
    message: `npm kept --${swallowed.join(' and --')} for itself: what is meant for the command stands after a \`--\` of its own.`,
    hint: `type  ${suggestion}`,
  };
}

/** @param {string} text */
function quote(text) {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
