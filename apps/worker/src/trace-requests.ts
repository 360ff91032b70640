import type { RequestObserver, ResourceRef } from "@repl/kube";
import type { Tracer } from "@repl/ops";

const FIRST_ERROR = 400;

/**
 * A span for each request to the API server, below the stage that makes it; OpenTelemetry's conventions for HTTP
 * clients, but what is addressed is said as verb, resource and subject instead of as a URL.
 */
export function traceRequests(tracer: Tracer, server: string): RequestObserver {
  const { hostname, port, protocol } = new URL(server);
  const address = { "server.address": hostname, "server.port": Number(port || (protocol === "https:" ? 443 : 80)) };
  return ({ method, verb, resource, ref, resends }) => {
    const span = tracer.start(`${method} ${resource}`, {
      kind: "client",
      attributes: {
        "http.request.method": method,
        "http.request.resend_count": resends > 0 ? resends : undefined,
        ...address,
        "kube.verb": verb,
        "kube.resource": resource,
        "kube.subject": ref && subjectWithoutUser(ref),
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

/**
 * `Deployment/name`, without the namespace: where each user has one, its name is made of the user's id, and what belongs
 * in it may be named after it. Undefined too for what lies in no namespace: a Namespace, or a Node, whose name is often an address.
 */
function subjectWithoutUser({ kind, namespace, name }: ResourceRef): string | undefined {
  return namespace === undefined || name.includes(namespace) ? undefined : `${kind}/${name}`;
}
