// What the person sees while something is brought: on a terminal one line that counts the seconds, elsewhere a line at the start,
// one now and then, and one at the end.

const tickMs = 1_000;
const quietTickSeconds = 15;

/**
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function withProgress(what, action) {
  const out = process.stderr;
  const startedMs = performance.now();
  const seconds = () => Math.round((performance.now() - startedMs) / 1000);
  /** @param {string} text */
  const line = (text) => out.write(out.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
  line(`tributary: ${what} …`);
  const timer = setInterval(() => {
    if (out.isTTY || seconds() % quietTickSeconds === 0) line(`tributary: ${what} … ${seconds()} s`);
  }, tickMs);
  try {
    const result = await action();
    line(`tributary: ${what}: done in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    return result;
  } finally {
    clearInterval(timer);
    if (out.isTTY) out.write('\n');
  }
}
