/** Node's own foreign function interface, for the few system calls that Node lacks. */
import type * as ffi from 'node:ffi';
import { assert } from '../assert.ts';
import { withoutWarning } from '../without-warning.ts';

export type FfiModule = typeof ffi;

let loaded: FfiModule | undefined;

export function loadFfi(): FfiModule {
  loaded ??= withoutWarning('FFI is an experimental feature', () => {
    const module: FfiModule | undefined = process.getBuiltinModule('node:ffi');
    assert(module !== undefined, 'this Node has node:ffi');
    return module;
  });
  return loaded;
}
