import type { RequestObserver } from "@repl/kube";
import type { Tracer } from "@repl/ops";

const FIRST_ERROR = 400;

/**
 * A span for each request to the API server, below the stage that makes it; OpenTelemetry's conventions for HTTP
 * clients, but the address is said as verb, resource and subject instead of as a URL.
 */
export function traceRequests(tracer: Tracer, server: string): RequestObserver {
  const { hostname, port, protocol } = new URL(server);
  const address = { "server.address": hostname, "server.port": Number(port || (protocol === "https:" ? 443 : 80)) };
  return ({ method, verb, resource, subject, resends }) => {
    const span = tracer.start(`${method} ${resource}`, {
      kind: "client",
      attributes: {
        "http.request.method": method,
        "http.request.resend_count": resends > 0 ? resends : undefined,
        ...address,
        "kube.verb": verb,
        "kube.resource": resource,
        "kube.subject": subject,
      },
    });
    return ({ status, code }) => {
      span.set({ "http.response.status_code": status });
      if (code !== undefined) span.fail(code);
      else if (status !== undefined && status >= FIRST_ERROR) span.fail(String(status));
      span.end();
    };
  };
}
