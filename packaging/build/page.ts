import { buildPage } from './build-page.ts';

/** `node packaging/build/page.ts`: the page that a hub run from the repository shows. Nothing to do when it is up to date. */
try {
  const started = performance.now();
  const { text, isNew } = await buildPage();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(isNew ? `page: ${(text.length / 1024).toFixed(0)} KiB, ${seconds} s\n` : 'page: was up to date\n');
} catch (error) {
  process.stderr.write(`page: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
