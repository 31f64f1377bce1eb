-- As in 000014. A migration of its own, so that no two tables are locked while one is rewritten.

alter table payments.payment alter column seats type json using seats::json;
