import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

export interface Wallet {
  readonly balanceKrw: number;
}

const FIND = statement(`/* payments.find-wallet */
select balance_krw from payments.wallet where user_id = $1`);

/** A person's wallet; an empty one for somebody who never charged. */
export async function findWallet(reader: Reader, userId: string): Promise<Wallet> {
  const [row] = await reader.rows<{ balance_krw: number }>(FIND, [userId]);
  return { balanceKrw: row?.balance_krw ?? 0 };
}
