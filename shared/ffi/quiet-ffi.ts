/**
 * Node's own foreign function interface, for the few system calls that Node lacks. Loading it prints an experimental warning, which
 * tells whoever runs a service nothing that they could act on: exactly that warning is left out, all others stay.
 */
import type * as ffi from 'node:ffi';
import { assert } from '../assert.ts';

export type FfiModule = typeof ffi;

let loaded: FfiModule | undefined;

export function loadFfi(): FfiModule {
  loaded ??= withoutItsWarning(() => process.getBuiltinModule('node:ffi'));
  return loaded;
}

function withoutItsWarning(load: () => FfiModule | undefined): FfiModule {
  const emitWarning = process.emitWarning.bind(process);
  const original = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  assert(original !== undefined, 'warnings go through a property of the process');
  process.emitWarning = (...warning: unknown[]): void => {
    if (!isItsOwn(warning[0])) Reflect.apply(emitWarning, undefined, warning);
  };
  try {
    const module = load();
    assert(module !== undefined, 'this Node has node:ffi');
    return module;
  } finally {
    Object.defineProperty(process, 'emitWarning', original);
  }
}

function isItsOwn(warning: unknown): boolean {
  return String(warning).includes('FFI is an experimental feature');
}
