/** Puts money into wallets. */
import type { Database } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { lockLedger, writeLedger } from './post-transfers.ts';
import { type ChargeOutcome, type ChargeRequest, decideCharges } from './wallet.ts';

// A row to lock must exist. One that another instance is just creating is waited for, in key order.
const CREATE = statement(`/* payments.create-wallets */
insert into payments.wallet (user_id)
select distinct user_id from unnest($1::uuid[]) as u (user_id) order by user_id
on conflict (user_id) do nothing`);

/** Decides a set of charges; one outcome for each request, in order. */
export function chargeWallets(
  deps: { readonly database: Database },
  requests: readonly ChargeRequest[],
): Promise<ChargeOutcome[]> {
  return deps.database.transaction(async (tx) => {
    const userIds = requests.map((request) => request.userId);
    const transferIds = requests.map((request) => request.transferId);
    const [, ledger] = await Promise.all([tx.rows(CREATE, [userIds]), lockLedger(tx, userIds, transferIds)]);
    const outcomes = decideCharges(requests, ledger);
    writeLedger(tx, ledger);
    return outcomes;
  });
}
