/** Where a service is asked: the address, and what it is called by whoever configured it. */
export interface Asked {
  readonly url: URL;
  readonly address: string;
}

/** What a service said to a stranger. Undefined where nobody answered: that is for others to look after. */
export interface Answer {
  /** Of HTTP; 0 elsewhere. */
  readonly status: number;
  /** Its beginning. */
  readonly text: string;
}
