// The environment handed to what the bootstrap starts.
//
// npm gives every setting of its own to its scripts as `npm_config_*`, and a package manager started from there would read them as
// the person's wishes: `npm_config_prefix` moves folders, a flag meant for us becomes a setting. What says how the network is
// reached is a real wish and stays; the rest goes.

import { delimiter, join } from 'node:path';

const networkSetting =
  /^(@.+:registry|\/\/.+|registry|https?[-_]proxy|proxy|noproxy|cafile|ca|cert|key|strict[-_]ssl|local[-_]address|maxsockets|fetch[-_].+|cache|userconfig|globalconfig)$/i;

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function withoutNpmSettings(env) {
  const kept = Object.entries(env).filter(([name, value]) => {
    if (!/^npm_/i.test(name)) return true;
    const setting = /^npm_config_(.+)$/i.exec(name)?.[1];
    // npm hands on every unset list as an empty text, which would read as "set to nothing".
    return setting !== undefined && networkSetting.test(setting) && value !== '';
  });
  return Object.fromEntries(kept);
}

const pnpmSettings = ['registry', 'proxy', 'https_proxy', 'noproxy', 'cafile', 'strict_ssl'];

/**
 * For pnpm, which reads `pnpm_config_*` instead, and which would install only a part when NODE_ENV is `production`.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function forPnpm(env) {
  const { NODE_ENV: _, ...rest } = env;
  const told = pnpmSettings
    .map((setting) => [`pnpm_config_${setting}`, env[`npm_config_${setting}`]])
    .filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(told), ...rest };
}

/**
 * Puts folders first on the path.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {string[]} folders
 * @returns {NodeJS.ProcessEnv}
 */
export function withPath(env, folders) {
  return { ...env, PATH: [...folders, env['PATH'] ?? ''].filter((part) => part !== '').join(delimiter) };
}

/**
 * The folder that paths given by the person are relative to. npm runs scripts in the repository and says in INIT_CWD where the
 * person stood; a bootstrap started by hand from within some other package's script must not believe that one's INIT_CWD.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {{ root: string, folder: string, realpath: (path: string) => string }} options
 * @returns {string}
 */
export function startingFolder(env, { root, folder, realpath }) {
  const manifest = env['npm_package_json'];
  const isOurs = manifest !== undefined && safely(() => realpath(manifest)) === join(root, 'package.json');
  return isOurs ? (env['INIT_CWD'] ?? folder) : folder;
}

/**
 * @template T
 * @param {() => T} action
 * @returns {T | undefined}
 */
function safely(action) {
  try {
    return action();
  } catch {
    return undefined;
  }
}
