-- What a search of titles is compared with: one spelling for composed and decomposed Hangul and for letters of full
-- and of usual width (NFKC), one case for Latin. A generated column's expression cannot be changed before PostgreSQL 17.
alter table catalogue.concert drop column search_text;
alter table catalogue.concert
  add column search_text text not null generated always as (lower(normalize(title, nfkc))) stored;
