-- What is on sale: venues with their seat layouts, concerts, and the performances that bring them together.

create schema catalogue;

-- Here and below: request_id and fingerprint are of the request that made the row. A repeated request finds
-- its row again, and a different one under the same key is told apart from it.
create table catalogue.venue (
  venue_id int generated always as identity primary key,
  name text not null check (char_length(name) between 1 and 100),
  city text not null check (char_length(city) between 1 and 100),
  address text check (char_length(address) between 1 and 200),
  created_at timestamptz not null default clock_timestamp(),
  request_id uuid not null unique,
  fingerprint bytea not null
);

-- A layout never changes: performances are laid out by it, and its answers are cached for ever.
create table catalogue.layout (
  layout_id int generated always as identity primary key,
  venue_id int not null references catalogue.venue,
  name text not null check (char_length(name) between 1 and 100),
  section_count int not null check (section_count > 0),
  seat_count int not null check (seat_count between 1 and 200000),
  end_seat_no int not null generated always as (seat_count + 1) stored,
  unique (venue_id, name)
);

-- The seat numbers of a layout run from 1 to its size without a gap. Foreign keys say so: every section but
-- the first begins where the one before it ends, and the last one ends where the layout ends.
create table catalogue.section (
  layout_id int not null references catalogue.layout,
  section_no int not null check (section_no > 0),
  name text not null check (char_length(name) between 1 and 100),
  first_seat_no int not null check (first_seat_no > 0),
  seat_count int not null check (seat_count > 0),
  row_length int not null check (row_length between 1 and seat_count),
  end_seat_no int not null generated always as (first_seat_no + seat_count) stored,
  section_before int generated always as (nullif(section_no - 1, 0)) stored,
  primary key (layout_id, section_no),
  unique (layout_id, name),
  unique (layout_id, section_no, end_seat_no),
  check (section_no > 1 or first_seat_no = 1),
  foreign key (layout_id, section_before, first_seat_no)
    references catalogue.section (layout_id, section_no, end_seat_no)
);
alter table catalogue.layout
  add foreign key (layout_id, section_count, end_seat_no)
  references catalogue.section (layout_id, section_no, end_seat_no)
  deferrable initially deferred;

create table catalogue.concert (
  concert_id int generated always as identity primary key,
  title text not null check (char_length(title) between 1 and 200),
  description text not null check (char_length(description) <= 4000),
  genre text not null check (char_length(genre) between 1 and 40),
  created_at timestamptz not null default clock_timestamp(),
  -- what a search is compared with: one spelling for composed and decomposed Hangul, one case for Latin
  search_text text not null generated always as (lower(normalize(title, nfc))) stored,
  request_id uuid not null unique,
  fingerprint bytea not null
);

create table catalogue.performance (
  performance_id int generated always as identity primary key,
  concert_id int not null references catalogue.concert,
  layout_id int not null references catalogue.layout,
  room text not null,
  starts_at timestamptz not null,
  sale_opens_at timestamptz not null,
  sale_closes_at timestamptz not null,
  seats_per_person int not null check (seats_per_person > 0),
  -- the lowest of its prices, which never change: a list of concerts then reads no prices
  from_price_krw int not null check (from_price_krw between 0 and 10000000),
  created_at timestamptz not null default clock_timestamp(),
  request_id uuid not null unique,
  fingerprint bytea not null,
  unique (performance_id, layout_id),
  check (sale_opens_at < sale_closes_at and sale_closes_at <= starts_at)
);
create index performance_by_concert on catalogue.performance (concert_id, starts_at, performance_id);
create index performance_by_start on catalogue.performance (starts_at, concert_id);

-- layout_id is here so that a price can only be for a section of the performance's own layout.
create table catalogue.price (
  performance_id int not null,
  layout_id int not null,
  section_no int not null,
  price_krw int not null check (price_krw between 0 and 10000000),
  primary key (performance_id, section_no),
  foreign key (performance_id, layout_id) references catalogue.performance (performance_id, layout_id),
  foreign key (layout_id, section_no) references catalogue.section
);
