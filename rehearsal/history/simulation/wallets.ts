import type { ToldEntry } from '../operation.ts';
import type { Answered } from '../recorder.ts';
import type { Nature } from './nature.ts';

interface Wallet {
  balance: number;
  readonly entries: ToldEntry[];
}

export class SimulatedWallets {
  readonly #nature: Nature;
  readonly #wallets = new Map<string, Wallet>();
  readonly #charges = new Map<string, Answered<'charge'>>();
  #lastId = 0;

  constructor(nature: Nature) {
    this.#nature = nature;
  }

  charge(userId: string, key: string, amount: number): Answered<'charge'> {
    const { goesWrong, chance } = this.#nature;
    const known = this.#charges.get(`${userId} ${key}`);
    if (known !== undefined && !goesWrong('charges anew for an old key')) return known;
    if (goesWrong('charges whom it likes'))
      this.move(chance.oneOf([...this.#wallets.keys(), userId]), 'CHARGE', 1_234, null);
    const { transferId, balanceAfter } = this.move(userId, 'CHARGE', amount, null);
    const wallet = this.#of(userId);
    if (goesWrong('loses a charge')) wallet.balance -= wallet.entries.pop()?.amount ?? 0;
    if (goesWrong('loses money that no entry tells of')) wallet.balance -= 1;
    const answer = { status: 201, outcome: 'ok', told: { transferId, balance: balanceAfter } } as const;
    this.#charges.set(`${userId} ${key}`, answer);
    return answer;
  }

  move(userId: string, kind: ToldEntry['kind'], amount: number, reservationId: string | null): ToldEntry {
    const wallet = this.#of(userId);
    const before = this.#nature.goesWrong('loses an update of a balance') ? 0 : wallet.balance;
    const balanceAfter = before + amount;
    const entry = { transferId: `transfer-${++this.#lastId}`, kind, amount, balanceAfter, reservationId };
    wallet.entries.push(entry);
    wallet.balance = balanceAfter;
    return entry;
  }

  balanceOf(userId: string): number {
    return this.#of(userId).balance;
  }

  wallet(userId: string): Answered<'wallet'> {
    const wrong = this.#nature.goesWrong('tells a wrong balance') ? 7 : 0;
    return { status: 200, outcome: 'ok', told: { balance: this.balanceOf(userId) + wrong } };
  }

  entries(userId: string): Answered<'entries'> {
    return { status: 200, outcome: 'ok', told: [...this.#of(userId).entries] };
  }

  #of(userId: string): Wallet {
    const wallet = this.#wallets.get(userId) ?? { balance: 0, entries: [] };
    this.#wallets.set(userId, wallet);
    return wallet;
  }
}
