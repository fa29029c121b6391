// What travels, as JSON Schema; Fastify checks requests by it and writes answers by it.

const uuid = { type: 'string', format: 'uuid' }
const moment = { type: 'string', format: 'date-time' }
const money = { type: 'string', pattern: '^(0|[1-9][0-9]{0,7})\\.[0-9]{2}$' }
const status = { type: 'string', enum: ['draft', 'available', 'sold_out'] }
const tag = { type: 'string', minLength: 1, maxLength: 50 }
const text = { type: ['string', 'null'], maxLength: 5000 }
const quantity = { type: 'integer', minimum: 0, maximum: 1000000 }

export const query = {
  type: 'object',
  properties: {
    limit: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    offset: { type: 'integer', minimum: 0, maximum: 1000000, default: 0 },
    cursor: { type: 'string' },
    owner_id: uuid,
    status,
    tag,
    min_price: money,
    max_price: money,
    created_from: moment,
    created_to: moment,
    q: { type: 'string', minLength: 1, maxLength: 100 },
    sort: {
      type: 'array',
      minItems: 1,
      maxItems: 3,
      items: {
        type: 'string',
        enum: ['created_at', '-created_at', 'price', '-price', 'title', '-title']
      },
      default: ['-created_at']
    }
  }
}

export const input = {
  type: 'object',
  additionalProperties: false,
  required: ['title', 'price'],
  properties: {
    title: { type: 'string', minLength: 1, maxLength: 200 },
    description: { ...text, default: null },
    price: money,
    quantity: { ...quantity, default: 1 },
    status: { ...status, default: 'available' },
    tags: { type: 'array', maxItems: 20, items: tag, default: [] }
  }
}

const properties = {
  id: uuid,
  title: { type: 'string' },
  description: text,
  price: { type: 'string' },
  quantity,
  status,
  tags: { type: 'array', items: tag },
  owner_id: uuid,
  created_at: moment,
  updated_at: moment
}

const owner = {
  type: 'object',
  properties: { id: uuid, full_name: { type: 'string' }, created_at: moment }
}

export const item = { type: 'object', properties }

const offer = { type: 'object', properties: { ...properties, owner } }

const page = (items) => ({
  type: 'object',
  properties: {
    items: { type: 'array', items },
    next_cursor: { type: ['string', 'null'] }
  }
})

export const itemPage = page(item)
export const offerPage = page(offer)
