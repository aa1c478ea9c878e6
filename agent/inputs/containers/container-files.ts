/** What the inputs that read container logs have in common besides the options of any input: how files are followed, and framing. */
import type { FilesOptions } from '../file/options.ts';

type Given = Omit<FilesOptions, 'paths' | 'exclude' | 'compressed'>;

/** The options of the files input for an input that finds its files by itself. */
export function filesOptions(options: Given, paths: readonly string[], exclude: readonly string[] = []): FilesOptions {
  return { ...options, paths: [...paths], exclude: [...exclude], compressed: 'auto' };
}
