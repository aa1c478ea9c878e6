/**
 * What an error says, never empty: where a name has several addresses and none of them answers, the error of the system says nothing itself, and those within
 * it do.
 */
export function errorText(error: Error): string {
  if (error.message !== '') return error.message;
  const [first]: unknown[] = error instanceof AggregateError ? error.errors : [];
  return first instanceof Error ? errorText(first) : error.name;
}
