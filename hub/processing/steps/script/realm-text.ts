/**
 * What runs first in a script's own realm (realm.ts): it takes away what a document must not depend on, and makes records of the script's
 * own kind. Text, as it has to be compiled there: objects that it makes have that realm's prototypes, so that nothing of the hub's own can
 * be reached through them.
 */
export const realmText = String.raw`"use strict";
const { defineProperty, freeze, getOwnPropertyNames, isFrozen } = Object;
const { construct, deleteProperty } = Reflect;
const { isArray } = Array;
const kept = new Set(names);

// Those that a flag of V8 brings, such as gc, cannot be taken away, but emptied.
for (const name of getOwnPropertyNames(globalThis))
  if (!kept.has(name) && !deleteProperty(globalThis, name)) globalThis[name] = undefined;

const refuse = (name) => () => {
  throw new TypeError(name + ' is not for scripts: what a document holds depends on neither clock nor chance; record.meta.received is when its line came');
};
const WholeDate = Date;
const ScriptDate = function Date(...given) {
  if (new.target === undefined || given.length === 0) refuse('the time of now')();
  return construct(WholeDate, given, new.target);
};
ScriptDate.prototype = WholeDate.prototype;
ScriptDate.UTC = WholeDate.UTC;
ScriptDate.parse = WholeDate.parse;
ScriptDate.now = refuse('Date.now');
defineProperty(WholeDate.prototype, 'constructor', { value: ScriptDate });
globalThis.Date = ScriptDate;

// V8's optimizing compiler makes no place to interrupt in a loop around the real one: for (;;) new Array(1000) could not be ended.
const WholeArray = Array;
const ScriptArray = function Array(...given) {
  return construct(WholeArray, given, new.target ?? ScriptArray);
};
ScriptArray.prototype = WholeArray.prototype;
for (const name of ['from', 'of', 'isArray']) ScriptArray[name] = WholeArray[name];
defineProperty(ScriptArray, Symbol.species, { get: () => undefined });
globalThis.Array = ScriptArray;

Math.random = refuse('Math.random');
delete Temporal.Now;

for (const name of getOwnPropertyNames(globalThis)) {
  const value = globalThis[name];
  if (value !== globalThis && value !== undefined && !isFrozen(value)) freeze(value);
}
freeze(globalThis);

const copyOf = (value, depth) => {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > depthMax) throw new RangeError('its fields stand too deep within each other for a script');
  if (isArray(value)) {
    const list = [];
    for (let index = 0; index < value.length; index += 1) list.push(copyOf(value[index], depth + 1));
    return list;
  }
  const made = {};
  for (const name in value) {
    if (name === '__proto__')
      defineProperty(made, name, { value: copyOf(value[name], depth + 1), enumerable: true, configurable: true, writable: true });
    else made[name] = copyOf(value[name], depth + 1);
  }
  return made;
};

class LogRecord {
  #raw;
  #meta;
  constructor(record, meta) {
    const { destination } = record;
    this.#raw = record.rawText;
    this.#meta = meta;
    this.fields = copyOf(record.fields, 0);
    this.time = record.eventMs;
    this.type = destination?.type;
    this.index = destination?.index;
    this.outputs = copyOf(destination?.outputs, 0);
  }
  get raw() {
    return this.#raw;
  }
  get meta() {
    return this.#meta;
  }
  get message() {
    const { message } = this.fields;
    return typeof message === 'string' ? message : this.#raw;
  }
  set message(text) {
    this.fields.message = text;
  }
}

return {
  recordOf: (record, meta) => new LogRecord(record, meta),
  metaOf: (meta) => {
    const made = copyOf(meta, 0);
    freeze(made.labels);
    return freeze(made);
  },
  prototypes: [LogRecord.prototype, Object.prototype, null],
};`;

/** The globals that a script has. None of them waits, and none tells anything of the machine. */
export const realmGlobals: readonly string[] = `
  globalThis undefined NaN Infinity isFinite isNaN parseFloat parseInt
  decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape
  Object Array Number Boolean String Symbol BigInt Date Temporal RegExp JSON Math Reflect
  Map Set WeakMap WeakSet Iterator ArrayBuffer DataView
  Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Uint8ClampedArray
  BigUint64Array BigInt64Array Float16Array Float32Array Float64Array
  Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError
`
  .trim()
  .split(/\s+/);
