import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import fc from 'fast-check';
import type { PipelineRecord } from '../../record/record.ts';
import { StepError, StepOptionError, type StepResult } from '../step.ts';
import { makeStep, recordOf, testSource, tryStep } from '../testing.ts';
import { compileScript } from './compile-script.ts';
import { script } from './script.ts';

function ran(code: string, record: PipelineRecord | string = 'a line'): { record: PipelineRecord; result: StepResult } {
  return tryStep(makeStep(script, { code }), record);
}

/** Of a function's body. */
function bodyRan(body: string, record?: PipelineRecord): ReturnType<typeof ran> {
  return ran(`export default function (record) { ${body} }`, record);
}

function message(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof StepError || error instanceof StepOptionError, String(error));
    if (error instanceof StepError) assert.equal(error.type, 'script');
    return error.message;
  }
  return assert.fail('it throws nothing');
}

test('a typed script changes fields, time and destination', () => {
  const record = recordOf('{"level":"W","took":"12"}');
  record.merge({ level: 'W', took: '12' });
  const { result } = ran(
    `import type { LogRecord } from './tributary.d.ts';
     interface Level { readonly name: string }
     const levels: Readonly<Record<string, Level>> = { W: { name: 'warn' } };
     export default function named(record: LogRecord): LogRecord | undefined {
       record.fields.log = { level: levels[record.fields.level as string]!.name };
       record.fields.took = Number(record.fields.took);
       delete record.fields.level;
       record.time = Date.UTC(2026, 0, 1);
       record.type = 'slow';
       record.outputs = ['archive'];
       return record;
     }`,
    record,
  );
  assert.equal(result, undefined);
  assert.deepEqual(record.fields, { took: 12, log: { level: 'warn' } });
  assert.equal(record.eventMs, Date.UTC(2026, 0, 1));
  assert.deepEqual(record.destination, { type: 'slow', outputs: ['archive'] });
});

test('an output that there is not is told when a record names it', () => {
  const code = 'export default (record) => { record.outputs = [record.message]; return record; }';
  const step = makeStep(script, { code }, { outputsNow: ['archive', 'search'] });
  assert.deepEqual(tryStep(step, 'search').record.destination, { outputs: ['search'] });
  const record = recordOf('serch');
  assert.throws(() => tryStep(step, record), {
    type: 'script',
    message: 'code: outputs: serch is no output of this hub that takes documents; did you mean search?',
  });
  assert.equal(record.destination, undefined);
  assert.deepEqual(ran(code, 'serch').record.destination, { outputs: ['serch'] });
});

test('it sees the line, the message and where they came from', () => {
  const { record } = bodyRan(
    `const { host, source, tenant, type, received, labels } = record.meta;
     record.fields = { raw: record.raw, message: record.message, meta: [host, source, tenant, type, received, labels.zone] };
     record.message += '!';
     return record;`,
    recordOf('a line\n', { attributes: { ...testSource.attributes, labels: { zone: 'b' } } }),
  );
  assert.deepEqual(record.fields, {
    raw: 'a line',
    message: 'a line!',
    meta: ['web-1', '/var/log/app.log', 'shop', 'app', testSource.receivedMs, 'b'],
  });
});

test('undefined drops, and a list makes documents of their own', () => {
  assert.equal(bodyRan('return undefined;').result, 'drop');
  assert.deepEqual(bodyRan('return [];').result, []);
  const given = recordOf('a,b');
  given.merge({ app: { name: 'x' } });
  given.eventMs = 5;
  given.destination = { index: 'old' };
  const { result } = bodyRan(
    `return record.message.split(',').map((part) => ({ fields: { ...record.fields, part }, type: part === 'a' ? undefined : 'other' }));`,
    given,
  );
  assert.ok(Array.isArray(result));
  const documents: readonly PipelineRecord[] = result;
  assert.deepEqual(
    documents.map(({ fields, eventMs, destination }) => [fields, eventMs, destination]),
    [
      [{ app: { name: 'x' }, part: 'a' }, 5, { index: 'old' }],
      [{ app: { name: 'x' }, part: 'b' }, 5, { type: 'other', index: 'old' }],
    ],
  );
  documents[0]?.set(['app', 'name'], 'changed');
  assert.equal(documents[1]?.get(['app', 'name']), 'x');
});

test('a message alone is a record, and JSON that was not changed is not stored again', () => {
  assert.deepEqual(bodyRan(`return { message: 'only' };`).record.fields, { message: 'only' });
  const record = recordOf('{"a":[1,{"b":null}]}');
  record.replaceByRawJson({ a: [1, { b: null }] });
  assert.equal(bodyRan('return record;', record).record.isRawJson, true);
  assert.equal(bodyRan('record.fields.a.push(2); return record;', record).record.isRawJson, false);
});

suite('errors have the line and column of the script', () => {
  for (const [name, code, expected] of [
    ['types', 'const a = 1;\nconst b: = 2;\nexport default (record) => record;', 'code:2:10: Unexpected token `=`'],
    ['what has to be compiled', 'enum Level { warn }\nexport default (r) => r;', 'code:1:1: TypeScript enum is not supported'],
    ['its top', '\nconst a: string = undefined.x;\nexport default (r) => r;', 'code:2:29: TypeError: Cannot read'],
    ['its top, on the first line', 'const a = undefined.x; export default (r) => r;', 'code:1:21: TypeError: Cannot read'],
    ['an import', "const a = 1;\nimport { b } from 'node:fs';\nexport default (r) => b(r);", 'code:2:1: a script is one file'],
    ['a second export', 'export const a = 1;\nexport default (r) => r;', 'code:1:1: a script has one default export'],
    ['no export', 'const a = 1;', 'code: has no default export'],
    ['waiting', 'await 1;\nexport default (r) => r;', 'code:1:1: a script cannot wait'],
    ['no function', 'export default 5;', 'code: its default export is no function'],
    ['a promise', 'export default async (r) => r;', 'code:1:16: a script cannot wait: async is not for it'],
    ['a generator', 'export default function* (r) { yield r; }', 'code: its default export is no plain function'],
    ['a function that returns nothing', 'export default (r) => { r.fields.a = 1; };', 'code: its function returns nothing'],
  ] as const) {
    test(name, () => {
      const told = message(() => makeStep(script, { code }));
      assert.ok(told.startsWith(expected), told);
    });
  }

  test('when it runs', () => {
    const code = `interface A { b: string }\nfunction inner(a: A | undefined) {\n  return a.b;\n}\nexport default (record: any) =>\n  inner(record.fields.none);`;
    const record = recordOf('x');
    record.merge({ a: 1 });
    assert.equal(
      message(() => ran(code, record)),
      "code:3:12: TypeError: Cannot read properties of undefined (reading 'b')",
    );
    assert.equal(
      message(() => ran('export default function (record) { throw "so"; }')),
      'code: so',
    );
    assert.equal(message(() => ran('export default function (record) { return null.a; }')).split(': ')[0], 'code:1:48');
    assert.match(
      message(() => bodyRan('const f = () => f(); return f();')),
      /^code:1:\d+: RangeError: Maximum call stack/,
    );
  });

  test('of a file, by its name', () => {
    const readFile = (): Buffer<ArrayBuffer> => Buffer.from('export default (record) => record.no.thing;');
    const step = makeStep(script, { file: 'parts/clean.ts' }, { readFile });
    assert.match(
      message(() => tryStep(step, 'x')),
      /^parts\/clean\.ts:1:38: TypeError/,
    );
  });
});

test('the default export is found among what only looks like it', () => {
  for (const code of [
    'const text = "export default x"; // export default y\nexport default (record) => { record.fields.t = text; return record; }',
    'export default main;\nfunction main(record) { return { message: `export default ${record.raw}` }; }',
    'export default function (record) { return { message: helper() }; }\n["export default"].map(String);\nfunction helper() { return "h"; }',
    'export  default\tfunction twice(record, again = true) { return again ? twice(record, false) : { message: "t" }; } const a = 1;',
    'export default function $fn(record) { return { message: "dollar" }; }',
    'export default ({ raw }) => ({ message: raw })',
    'export default function(record){return{message:"short"}}',
  ]) {
    assert.ok(Object.keys(ran(code).record.fields).length === 1, code);
  }
});

suite('what no document can hold is refused, and the record stays as it was', () => {
  for (const [body, expected] of [
    ['return null;', 'it returned null: a record'],
    ['return 5;', 'it returned a number'],
    ['return [undefined];', 'it returned undefined'],
    ['return { level: 1 };', 'it returned a record with `level`'],
    ['record.level = 1; return record;', 'it returned a record with `level`'],
    ['return new Map();', 'it returned a Map'],
    ['return Promise;', 'ReferenceError: Promise is not defined'],
    ['record.fields = []; return record;', 'fields is a list'],
    ['record.fields.a = { b: [1, NaN] }; return record;', 'fields.a.b.1 is NaN'],
    ['record.fields.a = -Infinity; return record;', 'fields.a is -Infinity'],
    ['record.fields.a = () => 1; return record;', 'fields.a is a function'],
    ['record.fields.a = 5n; return record;', 'fields.a is a bigint'],
    ['record.fields.a = Symbol(); return record;', 'fields.a is a symbol'],
    ['record.fields.a = new Date(0); return record;', 'fields.a is a Date'],
    ['record.fields.a = new (class Point { x = 1; })(); return record;', 'fields.a is a Point'],
    ['record.fields.a = [1, , 2]; return record;', 'fields.a.1 is undefined'],
    ['record.fields.a = record.fields; return record;', 'fields.a.a.a'],
    ['record.fields.a = Array(600).fill(Array(2000).fill(1)); return record;', 'fields.a.499 and what is with it'],
    ['record.fields.a = new Array(1e9); return record;', 'fields.a and what is with it has more than'],
    ['return new Array(20000).fill(record);', 'it returned more than 10000 records'],
    ['record.time = "now"; return record;', 'time is a string'],
    ['record.time = NaN; return record;', 'time is NaN'],
    ['record.type = "No Type"; return record;', 'type: must be 1 to 50'],
    ['record.index = ""; return record;', 'index: must be'],
    ['record.outputs = "archive"; return record;', 'outputs: '],
    ['return { message: 5 };', 'message is a number'],
    ['record.raw = "x"; return record;', 'TypeError: Cannot set property raw'],
    [
      'Object.defineProperty(record.fields, "a", { enumerable: true, get() { throw new Error("mine"); } }); return record;',
      'mine',
    ],
    ['throw undefined;', 'it threw undefined'],
    ['throw null;', 'it threw null'],
    ['throw 5;', 'it threw 5'],
    ['throw 5n;', 'it threw 5n'],
    ['throw "";', 'it threw an empty text'],
    ['throw Symbol("so");', 'it threw Symbol(so)'],
    ['throw () => 1;', 'it threw a function'],
    ['throw { code: 5 };', 'it threw {"code":5}'],
    ['throw new Error();', 'it threw Error without a message'],
    ['throw { get message() { throw 1; } };', 'it threw what cannot be shown'],
  ] as const) {
    test(body.slice(0, 60), () => {
      const record = recordOf('x');
      record.merge({ before: { all: 1 } });
      const told = message(() => bodyRan(body, record)).replace(/^code(?::\d+:\d+)?: /, '');
      assert.ok(told.startsWith(expected), told);
      assert.deepEqual(record.fields, { before: { all: 1 } });
    });
  }
});

suite('a document depends on nothing but its record', () => {
  for (const expression of ['Date.now()', 'new Date()', 'Date()', 'Math.random()', 'new Date(0).constructor.now()']) {
    test(expression, () => {
      assert.match(
        message(() => bodyRan(`record.fields.a = String(${expression}); return record;`)),
        /is not for scripts/,
      );
    });
  }

  test('of the program nothing is there, and what is there cannot be changed', () => {
    const names = [
      'process',
      'require',
      'fetch',
      'setTimeout',
      'console',
      'Buffer',
      'performance',
      'crypto',
      'Promise',
      'Proxy',
      'Intl',
    ];
    const { record } = bodyRan(
      `record.fields = { there: ${JSON.stringify(names)}.filter((name) => name in globalThis), now: typeof Temporal.Now };
       for (const change of [() => { globalThis.a = 1; }, () => { Math.max = 1; }, () => { leaked = 1; }, () => eval('1'), () => Object.constructor('return 1')()]) {
         try { change(); record.fields.changed = String(change); } catch {}
       }
       return record;`,
    );
    assert.deepEqual(record.fields, { there: [], now: 'undefined' });
  });

  test('what the flags of our executables bring is not there either', () => {
    setFlagsFromString('--expose-gc');
    try {
      assert.deepEqual(bodyRan('record.fields = { gc: typeof gc }; return record;').record.fields, { gc: 'undefined' });
    } finally {
      setFlagsFromString('--no-expose-gc');
    }
  });

  test('all that it gets is of its own realm', () => {
    const record = recordOf('x');
    record.merge({ a: { b: [{}] } });
    const { record: after } = bodyRan(
      `const all = [record, record.fields, record.fields.a, record.fields.a.b, record.fields.a.b[0], record.meta, record.meta.labels];
       const own = all.every((value) => value instanceof Object && value.constructor.constructor === Object.constructor);
       return { fields: { own } };`,
      record,
    );
    assert.deepEqual(after.fields, { own: true });
  });

  test('a field called __proto__ is a field, there and back', () => {
    const record = recordOf('x');
    record.replace(JSON.parse('{"__proto__":{"polluted":1},"constructor":2}'));
    bodyRan('record.fields.n = {}.polluted === undefined; return record;', record);
    assert.equal(JSON.stringify(record.fields), '{"__proto__":{"polluted":1},"constructor":2,"n":true}');
    assert.equal(Reflect.get({}, 'polluted'), undefined);
  });
});

test('whatever a document holds gets into a script and out of it as it was', () => {
  const step = makeStep(script, { code: 'export default (record) => record' });
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (given) => {
      const text = JSON.stringify(given);
      const record = recordOf('x');
      record.replace(JSON.parse(text));
      assert.equal(tryStep(step, record).result, undefined);
      assert.equal(JSON.stringify(record.fields), text);
    }),
    { numRuns: 200 },
  );
});

test('lists are made in all of their ways', () => {
  const { record } = bodyRan(
    `class Own extends Array {}
     record.fields = { a: Array(2).fill(1), b: new Array(3, 4), c: Array.from('ab'), d: Array.of(5), e: [1].map((x) => x + 1), f: [...new Own(6, 7)].concat([8]) };
     record.fields.is = [[] instanceof Array, new Array() instanceof Array, Array.isArray(Array(1)), new Own() instanceof Array];
     return record;`,
  );
  assert.deepEqual(record.fields, {
    a: [1, 1],
    b: [3, 4],
    c: ['a', 'b'],
    d: [5],
    e: [2],
    f: [6, 7, 8],
    is: [true, true, true, true],
  });
});

test('its step has the time limit of scripts', () => {
  assert.equal(makeStep(script, { code: 'export default (r) => r;' }, { scriptTimeLimitMs: 70 }).timeLimitMs, 70);
});

test('what is at the top of a script and never ends is refused soon, and the next script has its time', () => {
  const never = 'for (;;) {}\nexport default (record) => record;';
  assert.throws(() => compileScript(never, 'never.ts', 50), {
    name: 'ScriptProblem',
    message: 'never.ts: what is at its top took longer than 50ms: does a loop there end?',
  });
  const { call } = compileScript('const n = 1 + 1;\nexport default () => n;', 'good.ts', 10_000);
  assert.equal(call(undefined), 2);
});

test('a file or code, not both', () => {
  for (const options of [{}, { file: 'a.ts', code: 'x' }])
    assert.throws(() => makeStep(script, options), /needs either file or code/);
});

test('what waits is refused with its place, in whatever it stands', () => {
  const refused = (code: string): string => message(() => makeStep(script, { code }));
  assert.equal(
    refused('export default (record) => {\n  import("node:fs");\n  return record;\n}'),
    'code:2:3: a script is one file: only `import type` is for it',
  );
  for (const code of [
    '(async () => { throw new Error(""); })();\nexport default (record) => record;',
    'async function later() {}\nexport default (record) => record;',
    'const all = { async *later() {} };\nexport default (record) => record;',
    'export default async (record) => record;',
  ])
    assert.match(refused(code), /^code:1:\d+: a script cannot wait: async is not for it$/);
  const { record } = ran(
    `// async function: import('x')
     export default (record) => { record.fields.text = 'async (import("x"))'; record.fields.found = /async x/.test(record.raw); return record; }`,
    'async x',
  );
  assert.deepEqual(record.fields, { text: 'async (import("x"))', found: true });
});
