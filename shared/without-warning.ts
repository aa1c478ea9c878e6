/**
 * Some parts of Node print an experimental warning when they are used first, which tells whoever runs a service nothing that they could act
 * on: exactly that warning is left out, all others stay.
 */
import { assert } from './assert.ts';

/** `part`: a part of the warning's text that no other one has. */
export function withoutWarning<Result>(part: string, use: () => Result): Result {
  const emitWarning = process.emitWarning.bind(process);
  const original = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  assert(original !== undefined, 'warnings go through a property of the process');
  process.emitWarning = (...warning: unknown[]): void => {
    if (!String(warning[0]).includes(part)) Reflect.apply(emitWarning, undefined, warning);
  };
  try {
    return use();
  } finally {
    Object.defineProperty(process, 'emitWarning', original);
  }
}
