/**
 * Reads a configuration file in a thread that ends at once: the libraries for YAML and schemas take more memory than the rest of
 * an idle agent.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '@tributary/shared/assert.ts';
import { ConfigError, parseConfig, readConfig } from '@tributary/shared/options/config-file.ts';
import { agentOptions } from '../options.ts';
import type { ConfigAnswer, ConfigRequest } from './load-config.ts';

const request: ConfigRequest = workerData;
assert(parentPort !== null, 'the configuration is read in a thread');
parentPort.postMessage(answer(), []);

function answer(): ConfigAnswer {
  const { file, text, env } = request;
  const source = { file, env, schema: agentOptions };
  try {
    return { config: text === undefined ? readConfig(source) : parseConfig({ ...source, text }) };
  } catch (error) {
    if (error instanceof ConfigError) return { problem: error.message };
    throw error;
  }
}
