-- name:  core_after_death
-- grain: month, region, scheme, benefit_kind, person_id
-- grows: month
-- reads: core_dead by death_month all
-- doc:   Benefits paid for a month after the one in which the person died, as far as the death has been told by now; a negative
--        amount takes back (追回) what was paid.
-- columns: benefit_kind = the kind of benefit, a code; death_month = the month of the death; amount_yuan = what was paid, negative:
--        taken back, yuan
WITH dead AS (
    SELECT person_id, MIN(death_month) AS death_month
    FROM core_dead
    GROUP BY person_id
)
SELECT b.month, b.region, b.scheme, b.benefit_kind, b.person_id, d.death_month, b.amount_yuan
FROM core_benefit AS b
INNER JOIN dead AS d ON d.person_id = b.person_id AND d.death_month < b.month
ORDER BY b.month, b.region, b.scheme, b.benefit_kind, b.person_id
