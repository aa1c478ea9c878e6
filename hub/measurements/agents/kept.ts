/** The object that was there before where the new one has the same fields with the same values: what lives long is best left alone. */
export function kept<Value extends object>(before: Value | undefined, now: Value): Value {
  if (before === undefined) return now;
  for (const name in now) if (before[name] !== now[name]) return now;
  for (const name in before) if (!(name in now)) return now;
  return before;
}
