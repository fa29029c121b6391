INSERT INTO users (id, email, full_name, password_hash, roles)
    VALUES ('00000000-0000-4000-8000-000000000001', 'ada@example.com', 'Ada', 'x', '{}');
INSERT INTO items (title, price, owner_id)
    VALUES ('Lamp', 19.90, '00000000-0000-4000-8000-000000000001');
