/**
 * The tables that are compared: those of the two original write-ups in PostgreSQL's words, with no index, with theirs and
 * with stronger ones, and ours as the migrations make it. All have the same seats, in the same order, in the same states.
 */
import type { Stage } from '../../lib/stage.ts';
import { migrate } from '../../../server/src/platform/postgres/migrate.ts';

export const PERFORMANCES = 20;

export interface Variant {
  readonly name: string;
  readonly isOurs?: boolean;
  /** The table's name with its schema. */
  readonly table: string;
  readonly indexes: string;
  /** Makes the empty table in an empty database. */
  readonly create: (stage: Stage, database: string) => Promise<void>;
  /** $1 performance, $2 seats of each: inserts the seats of one. Of every second performance half are taken, at random. */
  readonly fill: string;
  /** $1 performance: its free seats, by number and price. */
  readonly query: string;
  /** The same query once more, with an index on a table that is joined; undefined where none is. */
  readonly secondIndex?: string;
  /** $1 numbers of seats of the first performance, which are their ids as well: such a set is held, then sold. */
  readonly hold: string;
  readonly sell: string;
}

/** Not the seat's number and no index has it: taken in the even performances, spread over the whole house. */
const TAKEN = '($1::int % 2 = 0 and hashint8(n) % 2 = 0)';
const SEAT_ID = '($1::bigint - 1) * $2 + n';

interface Dialect {
  readonly columns: string;
  readonly fill: string;
  readonly query: string;
  readonly hold: string;
  readonly sell: string;
}

/** Words of the first write-up: a schedule, a temporary assignee, and a flag for what is sold. */
const SCHEDULES: Dialect = {
  columns: `seat_id bigint primary key, concert_schedule_id bigint not null, seat_number int not null, price int not null,
    finally_reserved boolean not null default false, temp_assignee_id bigint`,
  fill: `insert into seat (seat_id, concert_schedule_id, seat_number, price, finally_reserved)
    select ${SEAT_ID}, $1, n, 10000, ${TAKEN} from generate_series(1, $2::int) n`,
  query: `select seat_number, price from seat
where concert_schedule_id = $1 and finally_reserved = false
  and (temp_assignee_id is null or temp_assignee_id = 0)`,
  hold: `update seat set temp_assignee_id = 7 where seat_id = any($1::bigint[])`,
  sell: `update seat set finally_reserved = true where seat_id = any($1::bigint[])`,
};

/** Words of the second: an option of a concert, and a status as text. */
const OPTIONS: Dialect = {
  columns: `seat_id bigint primary key, seat_concert_option_id bigint not null, seat_number int not null, price int not null,
    status varchar(20) not null`,
  fill: `insert into seat (seat_id, seat_concert_option_id, seat_number, price, status)
    select ${SEAT_ID}, $1, n, 10000, case when ${TAKEN} then 'SOLD' else 'AVAILABLE' end
    from generate_series(1, $2::int) n`,
  query: `select s.seat_number, s.price from seat s
join concert_option co on s.seat_concert_option_id = co.id
where co.concert_id = $1 and s.seat_concert_option_id = $1 and s.status = 'AVAILABLE'`,
  hold: `update seat set status = 'RESERVED' where seat_id = any($1::bigint[])`,
  sell: `update seat set status = 'SOLD' where seat_id = any($1::bigint[])`,
};

/** As many options as the second write-up has; the first twenty have seats. */
const CONCERT_OPTIONS = `create table concert_option (id bigint primary key, concert_id bigint not null);
  insert into concert_option select n, n from generate_series(1, 100000) n;
  vacuum analyze concert_option`;

function original(
  name: string,
  { columns, ...statements }: Dialect,
  indexes: string,
  create: readonly string[],
  layout = '',
): Variant {
  return {
    name,
    table: 'seat',
    indexes,
    ...statements,
    create: async (stage, database) => {
      await stage.query(database, `create table seat (${columns}) with (autovacuum_enabled = off${layout})`);
      for (const sql of create.flatMap((text) => text.split(';'))) await stage.query(database, sql);
    },
  };
}

const BY_SCHEDULE = 'create index idx_concert_schedule_id on seat (concert_schedule_id)';

export const NO_INDEX = original('no index', SCHEDULES, 'primary key (seat_id)', []);

export const FIRST = original('first write-up: (schedule)', SCHEDULES, 'primary key; (concert_schedule_id)', [
  BY_SCHEDULE,
]);

export const SECOND: Variant = {
  ...original('second write-up: (option, status)', OPTIONS, 'primary key; (seat_concert_option_id, status)', [
    CONCERT_OPTIONS,
    'create index idx_seat_concert_option_id_status on seat (seat_concert_option_id, status)',
  ]),
  secondIndex: 'create index idx_concert_option_concert_id on concert_option (concert_id)',
};

export const ROOMY = original(
  '(schedule), with room on the page',
  SCHEDULES,
  'primary key; (concert_schedule_id); fillfactor 70',
  [BY_SCHEDULE],
  ', fillfactor = 70',
);

/** Made for this query and no other: its answer is read from the index alone. */
export const COVERING = original(
  'free seats only, covering',
  SCHEDULES,
  'primary key; (concert_schedule_id) include (seat_number, price) where free',
  [
    `create index free_seats on seat (concert_schedule_id) include (seat_number, price)
     where finally_reserved = false and (temp_assignee_id is null or temp_assignee_id = 0)`,
  ],
);

export const OURS: Variant = {
  name: 'ours: the primary key',
  isOurs: true,
  table: 'seats.seat',
  indexes: 'primary key (performance_id, seat_no); fillfactor 70',
  create: async (stage, database) => {
    await migrate({ ...stage.postgres.connection, database });
    await stage.query(database, 'alter table seats.seat set (autovacuum_enabled = off)');
  },
  fill: `insert into seats.seat (performance_id, seat_no, price_krw, state, version, reservation_id)
    select $1, n, 10000, case when ${TAKEN} then 'S' else 'F' end::"char", case when ${TAKEN} then 2 else 0 end,
      case when ${TAKEN} then lpad(to_hex(n), 32, '0')::uuid end
    from generate_series(1, $2::int) n`,
  query: `select seat_no, price_krw from seats.seat
where performance_id = $1 and state = 'F'`,
  hold: `update seats.seat
    set state = 'H', version = version + 1, reservation_id = lpad(to_hex(seat_no), 32, '0')::uuid
    where performance_id = 1 and seat_no = any($1::int[]) and state = 'F'`,
  sell: `update seats.seat set state = 'S', version = version + 1
    where performance_id = 1 and seat_no = any($1::int[]) and state = 'H'`,
};

export const VARIANTS: readonly Variant[] = [NO_INDEX, FIRST, SECOND, ROOMY, COVERING, OURS];
