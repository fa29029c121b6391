// The statements, with placeholders for what the client sends.

const COLUMNS = `i.id, i.title, i.description, i.price, i.quantity, i.status, i.tags, i.owner_id,
  i.created_at, i.updated_at`
const WORDS = "to_tsvector('simple', (i.title || ' ') || COALESCE(i.description, ''))"
const CONDITIONS = {
  owner_id: (n) => `i.owner_id = ${n}`,
  status: (n) => `i.status = ${n}`,
  tag: (n) => `i.tags @> ARRAY[${n}]::text[]`,
  min_price: (n) => `i.price >= ${n}`,
  max_price: (n) => `i.price <= ${n}`,
  created_from: (n) => `i.created_at >= ${n}`,
  created_to: (n) => `i.created_at <= ${n}`,
  q: (n) => `${WORDS} @@ plainto_tsquery('simple', ${n})`
}
const JOIN = 'JOIN users o ON o.id = i.owner_id'
const OWNER = ', o.full_name AS owner_name, o.created_at AS owner_created_at'

export const ONE = {
  name: 'one',
  text: `SELECT ${COLUMNS} FROM items i WHERE i.id = $1 AND i.deleted_at IS NULL`
}

export const CREATE = {
  name: 'create',
  text: `INSERT INTO items AS i (title, description, price, quantity, status, tags, owner_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${COLUMNS}`
}

export const ACCOUNT = {
  name: 'account',
  text: 'SELECT id FROM users WHERE id = $1 AND is_active'
}

// The rows that the query asks for, and one more, which tells whether there is a next page.
export function page (query, embedded) {
  const values = []
  const conditions = ['i.deleted_at IS NULL']
  for (const [name, condition] of Object.entries(CONDITIONS)) {
    if (query[name] !== undefined) {
      values.push(query[name])
      conditions.push(condition(`$${values.length}`))
    }
  }
  if (query.cursor !== undefined) {
    const [moment, key] = JSON.parse(Buffer.from(query.cursor, 'base64url'))
    values.push(moment, key)
    conditions.push(`(i.created_at, i.id) < ($${values.length - 1}, $${values.length})`)
  }
  const order = query.sort.map((key) =>
    key.startsWith('-') ? `i.${key.slice(1)} DESC` : `i.${key}`
  )
  values.push(query.limit + 1, query.offset)
  const text = `SELECT ${COLUMNS}${embedded ? OWNER : ''} FROM items i ${embedded ? JOIN : ''}
    WHERE ${conditions.join(' AND ')} ORDER BY ${order.join(', ')}, i.id DESC
    LIMIT $${values.length - 1} OFFSET $${values.length}`
  return { text, values }
}

export function split (rows, limit) {
  const items = rows.slice(0, limit)
  if (rows.length <= limit) return { items, next_cursor: null }
  const last = items[limit - 1]
  const written = JSON.stringify([last.created_at, last.id])
  return { items, next_cursor: Buffer.from(written).toString('base64url') }
}
