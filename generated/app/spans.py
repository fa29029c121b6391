"""Spans of OpenTelemetry: one for each request, and below it those of its statements and commands.

The service has a provider of its own, so that nothing else that is installed begins to make spans:
what these say is decided here, and none of it comes out of a request but its method and its route.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from http import HTTPStatus

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

READ = ("traceparent", "tracestate")


class Request:
    """The span of a request, which is the current one until it ends."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._token = context.attach(trace.set_span_in_context(span))
        found = span.get_span_context()
        self.traceparent = f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}"

    def end(self, name: str, endpoint: str, status: int) -> None:
        """Say what came of the request."""
        self._span.update_name(name)
        self._span.set_attribute("http.response.status_code", status)
        self._span.set_attribute("http.route", endpoint)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._span.set_attribute("error.type", str(status))
            self._span.set_status(StatusCode.ERROR)
        context.detach(self._token)
        self._span.end()


class Spans:
    """Makes spans, and sends them to a collector in the background.

    OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS and their kin are heeded.
    """

    def __init__(self, endpoint: str, service: str, version: str) -> None:
        known = Resource({SERVICE_NAME: service, "service.version": version})
        resource = known.merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource)
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("app", version)
        self._propagator = TraceContextTextMapPropagator()

    def request(self, method: str, headers: Mapping[bytes, bytes]) -> Request:
        """The span of a request that has just begun, in the trace that its headers name."""
        carrier = {name: headers.get(name.encode(), b"").decode("latin-1") for name in READ}
        parent = self._propagator.extract(carrier, context.Context())
        attributes = {"http.request.method": method}
        return Request(
            self._tracer.start_span(method, parent, kind=SpanKind.SERVER, attributes=attributes)
        )

    def past(self, name: str, started: float, about: Mapping[str, str], *, failed: bool) -> None:
        """Make the span of something that a request has done; `started` is of `time.perf_counter`.

        What is done for nobody's request has no place in a trace.
        """
        if not trace.get_current_span().get_span_context().is_valid:
            return
        end = time.time_ns()
        begin = end - int((time.perf_counter() - started) * 1e9)
        span = self._tracer.start_span(
            name, kind=SpanKind.CLIENT, attributes=dict(about), start_time=begin
        )
        if failed:
            span.set_status(StatusCode.ERROR)
        span.end(end)

    def close(self) -> None:
        """Send off what is left."""
        self._provider.shutdown()
