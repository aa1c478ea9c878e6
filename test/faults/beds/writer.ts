/** Something that writes again and again as long as a bed is there, as programs on a server do. */
const everyMs = 500;

export function wroteAll(write: () => void): Disposable {
  const timer = setInterval(write, everyMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
