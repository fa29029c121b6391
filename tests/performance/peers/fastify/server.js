// Fastify with pg: `node server.js`, with DATABASE_URL, JWT_KEY, POOL_SIZE, PORT and WORKERS.

import cluster from 'node:cluster'
import pg from 'pg'
import { application } from './features.js'
import { ACCOUNT, CREATE, ONE, page, split } from './queries.js'
import { input, item, itemPage, offerPage, query } from './schemas.js'

const notAuthenticated = (reply) => reply.code(401).send({ detail: 'Not authenticated' })

async function serve () {
  const pool = new pg.Pool({
    connectionString: process.env.DATABASE_URL,
    max: Number(process.env.POOL_SIZE)
  })
  const app = await application()

  app.decorate('authenticate', async (request, reply) => {
    try {
      await request.jwtVerify()
    } catch {
      return notAuthenticated(reply)
    }
    const found = await pool.query(ACCOUNT, [request.user.sub])
    if (found.rowCount === 0) return notAuthenticated(reply)
  })

  const list = { schema: { querystring: query, response: { 200: itemPage } } }
  app.get('/api/v1/items/', list, async (request) => {
    const { rows } = await pool.query(page(request.query, false))
    return split(rows, request.query.limit)
  })

  const offers = { schema: { querystring: query, response: { 200: offerPage } } }
  app.get('/api/v1/offers/', offers, async (request) => {
    const { rows } = await pool.query(page(request.query, true))
    for (const row of rows) {
      row.owner = {
        id: row.owner_id,
        full_name: row.owner_name,
        created_at: row.owner_created_at
      }
    }
    return split(rows, request.query.limit)
  })

  const params = { type: 'object', properties: { item_id: { type: 'string', format: 'uuid' } } }
  const read = { schema: { params, response: { 200: item } } }
  app.get('/api/v1/items/:item_id', read, async (request, reply) => {
    const { rows } = await pool.query(ONE, [request.params.item_id])
    return rows[0] ?? reply.code(404).send({ detail: 'Not found' })
  })

  const create = { schema: { body: input, response: { 201: item } }, onRequest: app.authenticate }
  app.post('/api/v1/items/', create, async (request, reply) => {
    const { title, description, price, quantity, status, tags } = request.body
    const values = [title, description, price, quantity, status, tags, request.user.sub]
    const { rows } = await pool.query(CREATE, values)
    reply.code(201).header('location', `/api/v1/items/${rows[0].id}`)
    return rows[0]
  })

  await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
}

const workers = Number(process.env.WORKERS)
if (cluster.isPrimary && workers > 1) {
  for (let started = 0; started < workers; started++) cluster.fork()
} else {
  await serve()
}
