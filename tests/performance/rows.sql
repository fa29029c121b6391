-- People, and things that they offer: as long and as different as such rows are.
INSERT INTO users (email, full_name, password_hash, created_at, updated_at)
SELECT
    'seller' || n || '@example.com',
    (ARRAY['Ada', 'Grace', 'Alan', 'Edsger', 'Barbara', 'Donald', 'Radia', 'Ken'])[1 + n % 8]
        || ' '
        || (ARRAY['Byron', 'Murray', 'Mathison', 'Wybe', 'Huberman', 'Ervin', 'Joy'])[1 + n % 7],
    '!',
    moment,
    moment
FROM generate_series(1, 100) AS n
CROSS JOIN LATERAL (
    -- Whole milliseconds: that is as fine as times are in JavaScript.
    SELECT date_trunc('day', now()) - n * interval '7.137 hours' AS moment
) AS joined;

INSERT INTO items (title, description, price, quantity, status, tags, owner_id, created_at, updated_at)
SELECT
    (ARRAY['Desk lamp', 'Writing desk', 'Reading chair', 'Bookshelf', 'Typewriter', 'Globe'])[1 + n % 6]
        || ' in '
        || (ARRAY['brass', 'walnut', 'steel', 'oak', 'green enamel'])[1 + n % 5]
        || ', no. ' || n,
    CASE
        WHEN n % 10 > 0 THEN 'Made in ' || (1900 + n % 100)
            || ', kept well, with a few marks of use; see the third photograph. '
            || 'To be collected, or sent at cost. Questions are answered within a day.'
    END,
    (500 + n * 37 % 90000) / 100.0,
    n % 25,
    (ARRAY['available', 'available', 'draft', 'sold_out'])[1 + n % 4],
    (ARRAY['{office,brass}', '{home}', '{home,antique,wood}', '{}'])[1 + n % 4]::text[],
    seller.id,
    moment,
    moment
FROM generate_series(1, {rows}) AS n
CROSS JOIN LATERAL (
    SELECT date_trunc('day', now()) - n * interval '61.137 seconds' AS moment
) AS made
JOIN (SELECT id, row_number() OVER (ORDER BY email) AS number FROM users) AS seller
    ON seller.number = 1 + n % 100;
