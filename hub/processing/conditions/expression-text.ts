/**
 * Writes an expression anew, with variables (`_0`, `_1`) in the place of the names of fields, so that the library checks and evaluates
 * values with one type each, and never walks through a document. On the way it finds names that there are not, and what would have no
 * bound: a loop within a loop, a loop over what a text was split into, a pattern that is made of a record.
 */
import type { ASTNode } from '@marcbachmann/cel-js';
import { PatternError, LinearPattern } from '@tributary/shared/linear-pattern.ts';
import type { FieldPath } from '../record/fields.ts';
import type { KnownNames, Resolved } from './known-names.ts';
import type { ExpressionProblem } from './problems.ts';
import { presenceSlot, type Slot } from './slots.ts';

/** Names that are the language's. */
const typeNames: ReadonlySet<string> = new Set([
  'bool',
  'bytes',
  'double',
  'int',
  'list',
  'map',
  'null_type',
  'string',
  'type',
  'uint',
  'google',
]);

const loops: ReadonlyMap<string, readonly number[]> = new Map([
  ['all', [2]],
  ['exists', [2]],
  ['exists_one', [2]],
  ['filter', [2]],
  ['map', [2, 3]],
]);

const precedences: Readonly<Record<string, number>> = {
  '?:': 1,
  '||': 2,
  '&&': 3,
  '==': 4,
  '!=': 4,
  '<': 5,
  '<=': 5,
  '>': 5,
  '>=': 5,
  in: 5,
  '+': 6,
  '-': 6,
  '*': 7,
  '/': 7,
  '%': 7,
  '!_': 8,
  '-_': 8,
};
const highest = 9;

export const matchesFunction = '_matches';

/** A slot as an expression uses it. */
export interface SlotUse {
  readonly variable: string;
  readonly slot: Slot;
  /** Without it there is no value of the whole. */
  readonly needed: boolean;
  /** A loop goes over it. */
  readonly looped: boolean;
}

export interface WrittenExpression {
  readonly text: string;
  readonly uses: readonly SlotUse[];
  /** Where in the source is what begins at an index of the text; in ascending order. */
  readonly origins: readonly (readonly [index: number, at: number])[];
}

/** What the writings of one expression share: the whole of it, and its parts. */
export class ExpressionContext {
  readonly source: string;
  readonly names: KnownNames;
  readonly slots = new Map<string, { readonly variable: string; readonly slot: Slot }>();
  readonly patterns = new Map<string, LinearPattern>();
  readonly problems: ExpressionProblem[] = [];

  constructor(source: string, names: KnownNames) {
    this.source = source;
    this.names = names;
  }

  write(node: ASTNode): WrittenExpression {
    const writer = new ExpressionWriter(this);
    writer.write(node, 0);
    return { text: writer.text, uses: [...writer.uses.values()], origins: writer.origins };
  }

  variableOf(slot: Slot): string {
    return this.slots.getOrInsertComputed(slot.text, () => ({ variable: `_${this.slots.size}`, slot })).variable;
  }
}

interface Chain {
  readonly path: FieldPath;
  readonly at: number;
}

class ExpressionWriter {
  text = '';
  readonly uses = new Map<string, SlotUse>();
  readonly origins: [number, number][] = [];
  readonly #context: ExpressionContext;
  /** Variables of loops and of `cel.bind`, the innermost last. */
  readonly #scope: string[] = [];
  #loopDepth = 0;
  /** Above 0: what is written now may never be evaluated. */
  #optional = 0;

  constructor(context: ExpressionContext) {
    this.#context = context;
  }

  /** In parentheses where it binds less than `least`. */
  write(node: ASTNode, least: number): void {
    const wrap = (precedences[node.op] ?? highest) < least;
    if (wrap) this.text += '(';
    this.#write(node);
    if (wrap) this.text += ')';
  }

  #write(node: ASTNode): void {
    switch (node.op) {
      case 'value':
        return this.#put(this.#context.source.slice(node.start, node.end), node);
      case 'id':
      case '.':
      case '[]':
        return this.#access(node);
      case 'call':
        return this.#call(node.args[0], node.args[1], node);
      case 'rcall':
        return this.#method(node);
      case 'list':
        this.#put('[', node);
        this.#list(node.args);
        this.text += ']';
        return;
      case 'map':
        return this.#map(node);
      case '?:':
        return this.#ternary(node.args);
      case '!_':
      case '-_':
        this.#put(node.op.charAt(0), node);
        return this.write(node.args, precedences[node.op] ?? 0);
      case '.?':
      case '[?]':
        return this.#problem(node, 'there are no optional values: a field that is not there makes a condition false');
      default:
        return this.#infix(node.op, node.args);
    }
  }

  #infix(operator: string, [left, right]: readonly [ASTNode, ASTNode]): void {
    const isLogic = operator === '||' || operator === '&&';
    const precedence = precedences[operator] ?? 0;
    if (isLogic) this.#optional += 1;
    // The library finds a double among whole numbers only where it is told nothing of its type.
    if (operator === 'in' && this.#isDouble(left)) this.#call('dyn', [left], left);
    else this.write(left, precedence);
    this.text += ` ${operator} `;
    this.write(right, precedence + 1);
    if (isLogic) this.#optional -= 1;
  }

  #ternary([condition, yes, no]: readonly [ASTNode, ASTNode, ASTNode]): void {
    this.write(condition, 2);
    this.#optional += 1;
    this.text += ' ? ';
    this.write(yes, 2);
    this.text += ' : ';
    this.write(no, 1);
    this.#optional -= 1;
  }

  #map(node: Extract<ASTNode, { op: 'map' }>): void {
    this.#put('{', node);
    for (const [index, [key, value]] of node.args.entries()) {
      if (index > 0) this.text += ', ';
      this.write(key, 0);
      this.text += ': ';
      this.write(value, 0);
    }
    this.text += '}';
  }

  #list(nodes: readonly ASTNode[]): void {
    for (const [index, node] of nodes.entries()) {
      if (index > 0) this.text += ', ';
      this.write(node, 0);
    }
  }

  #access(node: Extract<ASTNode, { op: 'id' | '.' | '[]' }>): void {
    const chain = this.#chainOf(node);
    if (chain !== undefined) return this.#name(chain, node);
    if (node.op === 'id') return this.#put(node.args, node);
    const [left, right] = node.args;
    this.write(left, highest);
    if (typeof right === 'string') {
      this.text += `.${right}`;
      return;
    }
    this.text += '[';
    this.write(right, 0);
    this.text += ']';
  }

  /** `http.response["status_code"]`; undefined where it is no name of a field. */
  #chainOf(node: ASTNode): Chain | undefined {
    if (node.op === 'id') {
      const name = node.args;
      const isWord = typeNames.has(name) && !this.#context.names.begins(name);
      return isWord || this.#scope.includes(name) ? undefined : { path: [name], at: node.start };
    }
    if (node.op !== '.' && node.op !== '[]') return undefined;
    const [left, right] = node.args;
    const name = typeof right === 'string' ? right : literalText(right);
    const chain = name === undefined ? undefined : this.#chainOf(left);
    return chain === undefined || name === undefined ? undefined : { path: [...chain.path, name], at: chain.at };
  }

  #name({ path }: Chain, node: ASTNode): void {
    const resolved = this.#context.names.resolve(path);
    if (resolved.kind === 'value') this.#use(resolved.slot, node);
    else this.#problem(node, resolved.kind === 'unknown' ? resolved.problem : objectProblem(path, resolved.example));
  }

  #isDouble(node: ASTNode): boolean {
    const chain = this.#chainOf(node);
    const resolved = chain === undefined ? undefined : this.#context.names.resolve(chain.path);
    return resolved?.kind === 'value' && resolved.slot.type === 'double';
  }

  #use(slot: Slot, node: ASTNode, looped = false): void {
    const variable = this.#context.variableOf(slot);
    const before = this.uses.get(variable);
    const needed = this.#optional === 0 || before?.needed === true;
    this.uses.set(variable, { variable, slot, needed, looped: looped || before?.looped === true });
    this.#put(variable, node);
  }

  #call(name: string, args: readonly ASTNode[], node: ASTNode): void {
    const [first] = args;
    if (name === 'has' && first !== undefined && args.length === 1) return this.#has(first, node);
    if (name.startsWith('_')) return this.#problem(node, `unknown function ${name}`);
    this.#put(`${name}(`, node);
    this.#list(args);
    this.text += ')';
  }

  #has(asked: ASTNode, node: ASTNode): void {
    const chain = this.#chainOf(asked);
    if (chain === undefined) {
      this.#optional += 1;
      this.#put('has(', node);
      this.write(asked, 0);
      this.text += ')';
      this.#optional -= 1;
      return;
    }
    const resolved: Resolved = this.#context.names.resolve(chain.path);
    if (resolved.kind === 'unknown') return this.#problem(asked, resolved.problem);
    this.#use(resolved.kind === 'object' ? resolved.slot : presenceSlot(resolved.slot), node);
  }

  #method(node: Extract<ASTNode, { op: 'rcall' }>): void {
    const [name, receiver, args] = node.args;
    const [variable] = args;
    if (name === 'bind' && receiver.op === 'id' && receiver.args === 'cel' && args.length === 3) return this.#bind(args, node);
    if (loops.get(name)?.includes(args.length) === true && variable !== undefined) return this.#loop(node, variable);
    if (name.startsWith('_')) return this.#problem(node, `unknown function ${name}`);
    this.write(receiver, highest);
    if (name === 'matches') return this.#matches(args, node);
    this.text += `.${name}(`;
    this.#list(args);
    this.text += ')';
  }

  #loop(node: Extract<ASTNode, { op: 'rcall' }>, variable: ASTNode): void {
    const [name, receiver, [, ...body]] = node.args;
    if (this.#loopDepth > 0) this.#problem(node, `${name} stands within another loop`);
    const chain = this.#chainOf(receiver);
    const resolved = chain === undefined ? undefined : this.#context.names.resolve(chain.path);
    if (resolved?.kind === 'value') this.#use(resolved.slot, receiver, true);
    else if (chain === undefined && !isBounded(receiver))
      return this.#problem(receiver, `${name} is only for a field, or a list that is written there`);
    else this.write(receiver, highest);
    this.text += `.${name}(`;
    this.#loopDepth += 1;
    this.#optional += 1;
    this.#within(variable, body);
    this.#optional -= 1;
    this.#loopDepth -= 1;
    this.text += ')';
  }

  #bind([variable, value, body]: readonly ASTNode[], node: ASTNode): void {
    if (variable === undefined || value === undefined || body === undefined) return;
    if (!isVariable(variable)) return this.#problem(variable, 'must be a name of letters');
    this.#put(`cel.bind(${variable.args}, `, node);
    this.write(value, 0);
    this.text += ', ';
    this.#scope.push(variable.args);
    this.write(body, 0);
    this.#scope.pop();
    this.text += ')';
  }

  /** The variable of a loop, and what is done with it. */
  #within(variable: ASTNode, body: readonly ASTNode[]): void {
    if (!isVariable(variable)) return this.#problem(variable, 'must be a name of letters');
    this.#put(variable.args, variable);
    this.#scope.push(variable.args);
    for (const node of body) {
      this.text += ', ';
      this.write(node, 0);
    }
    this.#scope.pop();
  }

  /** The pattern is made when the expression is read, and is one that cannot hang. */
  #matches(args: readonly ASTNode[], node: ASTNode): void {
    const [argument] = args;
    const source = argument === undefined || args.length > 1 ? undefined : literalText(argument);
    if (argument === undefined || source === undefined)
      return this.#problem(node, 'matches takes one pattern, written there as text');
    try {
      this.#context.patterns.getOrInsertComputed(source, (pattern) => new LinearPattern(pattern));
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      return this.#problem(argument, `the pattern ${error.message}`);
    }
    this.text += `.${matchesFunction}(`;
    this.write(argument, 0);
    this.text += ')';
  }

  #put(text: string, { start }: ASTNode): void {
    this.origins.push([this.text.length, start]);
    this.text += text;
  }

  #problem({ start }: ASTNode, message: string): void {
    this.#context.problems.push({ at: start, message });
  }
}

function literalText(node: ASTNode): string | undefined {
  return node.op === 'value' && typeof node.args === 'string' ? node.args : undefined;
}

/** Names that begin with `_` are ours. */
function isVariable(node: ASTNode): node is Extract<ASTNode, { op: 'id' }> {
  return node.op === 'id' && !node.args.startsWith('_');
}

/** A list or map that is written there, or what a loop left of one. */
function isBounded(node: ASTNode): boolean {
  return (
    node.op === 'list' || node.op === 'map' || (node.op === 'rcall' && (node.args[0] === 'filter' || node.args[0] === 'map'))
  );
}

function objectProblem(path: FieldPath, example: string): string {
  return `${path.join('.')} is an object, and no value: name one of its fields, such as ${example}`;
}
