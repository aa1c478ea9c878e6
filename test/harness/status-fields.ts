import { isObject } from './json.ts';

/** Sum of all numbers under this key, wherever in a status they stand: for figures whose place is the product's affair. */
export function sumOf(status: unknown, key: string): number {
  let sum = 0;
  if (Array.isArray(status)) for (const item of status as readonly unknown[]) sum += sumOf(item, key);
  if (!isObject(status)) return sum;
  for (const [name, value] of Object.entries(status))
    sum += name === key && typeof value === 'number' ? value : sumOf(value, key);
  return sum;
}
