import type { ThreadCall, ThreadContract } from '@tributary/shared/async/thread-call.ts';

export interface DirectCallsParts<Contract extends ThreadContract> {
  readonly group: (calls: readonly ThreadCall<Contract>[]) => void;
  readonly close: () => void | PromiseLike<void>;
}

/** Answers in this thread what a thread of its own answers in the hub: for commands, which have nothing else to do. */
export class DirectCalls<Contract extends ThreadContract> implements AsyncDisposable {
  readonly #parts: DirectCallsParts<Contract>;

  constructor(parts: DirectCallsParts<Contract>) {
    this.#parts = parts;
  }

  call<Name extends keyof Contract & string>(
    name: Name,
    argument: Contract[Name]['argument'],
  ): Promise<Contract[Name]['result']> {
    return new Promise<Contract[Name]['result']>((resolve, reject) => {
      this.#parts.group([callOf<Contract>({ name, argument, resolve, reject })]);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.close();
  }
}

interface Asked {
  readonly name: string;
  readonly argument: unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

function callOf<Contract extends ThreadContract>({ name, argument, resolve, reject }: Asked): ThreadCall<Contract> {
  return { name, argument, reply: (result: unknown) => resolve(result), fail: reject };
}
