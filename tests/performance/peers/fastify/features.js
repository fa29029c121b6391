// What surrounds the endpoints: request ids, metrics, a log line in JSON, headers, and tokens.

import { randomUUID } from 'node:crypto'
import jwt from '@fastify/jwt'
import fastify from 'fastify'
import metrics from 'prom-client'

const requests = new metrics.Counter({
  name: 'http_requests_total',
  help: 'Requests',
  labelNames: ['method', 'endpoint', 'status']
})
const duration = new metrics.Histogram({
  name: 'http_request_duration_seconds',
  help: 'Duration',
  labelNames: ['method', 'endpoint']
})

export async function application () {
  const app = fastify({
    logger: true,
    disableRequestLogging: true, // two lines a request; the hook below writes one
    requestIdHeader: 'x-request-id',
    genReqId: () => randomUUID()
  })
  await app.register(jwt, {
    secret: process.env.JWT_KEY,
    verify: { algorithms: ['HS256'], allowedIss: 'marketplace-api', allowedAud: 'marketplace-api' }
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none'"
    })
  })
  app.addHook('onResponse', async (request, reply) => {
    const endpoint = request.routeOptions.url ?? '<unmatched>'
    const milliseconds = reply.elapsedTime
    requests.labels(request.method, endpoint, reply.statusCode).inc()
    duration.labels(request.method, endpoint).observe(milliseconds / 1000)
    request.log.info({ method: request.method, endpoint, status: reply.statusCode, milliseconds })
  })
  app.get('/metrics', async (request, reply) => {
    reply.type(metrics.register.contentType)
    return metrics.register.metrics()
  })
  return app
}
