import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { assert } from '@tributary/shared/assert.ts';
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';
import type { Product } from './products.ts';

/**
 * A product as texts that need nothing beside Node: one for the program, one for each of its threads.
 *
 * The program is an ES module. A thread's text is CommonJS, because a thread inside an executable has no file and is started with
 * `eval: true`, which takes nothing else. Whitespace goes, names stay: stack traces remain readable, and the text is half as long.
 */
export interface Bundle {
  readonly main: string;
  /** Text of each thread and of what else it has, by the name of its asset. */
  readonly assets: ReadonlyMap<string, string>;
  /** Every file that went in, for the licenses of those that are not ours. */
  readonly inputs: readonly string[];
}

/**
 * Packages that our libraries try to load and do without: addons that make ws faster, colours for debug, and Negotiate at a proxy.
 * Each attempt fails inside the bundle, where it would otherwise look into folders around the executable.
 */
const optionalPackages = /^(?:bufferutil|utf-8-validate|supports-color|kerberos)$/;

const withoutOptionalPackages: Plugin = {
  name: 'without-optional-packages',
  setup(building) {
    building.onResolve({ filter: optionalPackages }, ({ path }) => ({ path, namespace: 'optional' }));
    building.onLoad({ filter: /.*/, namespace: 'optional' }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not part of this program`)});`,
      loader: 'js',
    }));
  },
};

/**
 * Node's own modules are loaded as late as the part that needs them, and no more of them than is used. Otherwise esbuild gathers
 * the imports of all parts at the top of the program, and Node asks an imported module for everything it exports, also for what
 * it would put off: `node:http` alone brings all of `fetch` along, 4 MB of an agent's memory.
 */
const nodeModulesWhenNeeded: Plugin = {
  name: 'node-modules-when-needed',
  setup(building) {
    building.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'node' } : { path, external: true },
    );
    building.onLoad({ filter: /.*/, namespace: 'node' }, ({ path }) => ({ contents: nodeModuleText(path), loader: 'js' }));
  },
};

function nodeModuleText(path: string): string {
  const names = Object.getOwnPropertyNames(process.getBuiltinModule(path)).filter((name) => /^[A-Za-z]\w*$/.test(name));
  const exports = names
    .filter((name) => name !== 'default')
    .map((name) => `export const ${name} = /* @__PURE__ */ named('${name}');`);
  return `const all = process.getBuiltinModule('${path}');
const named = (name) => all[name];
${exports.join('\n')}
export default all;`;
}

const common: BuildOptions = {
  bundle: true,
  write: false,
  metafile: true,
  plugins: [withoutOptionalPackages, nodeModulesWhenNeeded],
  platform: 'node',
  target: 'node26',
  minifySyntax: true,
  minifyWhitespace: true,
  // Text beyond ASCII would make V8 keep the whole program with two bytes a letter.
  charset: 'ascii',
  legalComments: 'none',
  logLevel: 'silent',
};

/** Libraries that are CommonJS load Node's own modules by `require`, which an ES module does not have. */
const requireBanner = `import{createRequire as bundleRequire}from'node:module';const require=bundleRequire(import.meta.url);`;

export async function bundleProduct(product: Product): Promise<Bundle> {
  const define: Record<string, string> = {
    tributaryVersion: JSON.stringify(product.version),
    // Worker entries name their source by it, which nobody looks at in a bundle; but it must be an address.
    'import.meta.url': '"file:///tributary/"',
    // Every executable is one for Linux: what is loaded only elsewhere stays out of it.
    'process.platform': '"linux"',
  };
  const inputs = new Set<string>();
  const bundle = async (entry: string, options: BuildOptions): Promise<string> => {
    const { outputFiles, metafile } = await build({ ...common, ...options, entryPoints: [entry], define });
    assert(metafile !== undefined && outputFiles?.length === 1, 'a bundle is one file');
    refuseMissing(entry, metafile);
    for (const input of Object.keys(metafile.inputs)) if (!/^(?:optional|node):/.test(input)) inputs.add(input);
    return outputFiles.map(({ text }) => text).join('');
  };
  const main = await bundle(product.main, { format: 'esm', banner: { js: requireBanner } });
  const assets = new Map<string, string>();
  for (const { asset, url } of product.workers) assets.set(asset, await bundle(fileURLToPath(url), { format: 'cjs' }));
  for (const [asset, make] of Object.entries(product.assets ?? {})) {
    const { text, inputs: files } = await make();
    assets.set(asset, text);
    for (const file of files) inputs.add(file);
  }
  return { main, assets, inputs: [...inputs].toSorted() };
}

/** There is no folder of packages beside an executable, so whatever is left to be loaded must be Node's own. */
function refuseMissing(entry: string, { outputs }: Metafile): void {
  const missing = Object.values(outputs).flatMap(({ imports }) =>
    imports.filter(({ path, external }) => external === true && !isBuiltin(path)),
  );
  if (missing.length === 0) return;
  throw new Error(`${entry}: cannot be bundled, as it loads ${missing.map(({ path }) => path).join(', ')} while it runs`);
}
