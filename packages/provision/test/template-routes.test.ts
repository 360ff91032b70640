import { describe, expect, test } from "vitest";
import { added, addedKind, type Refusal, refusalOf } from "./support/refusal.ts";
import { edited } from "./support/small-template.ts";

describe("Services and routes", () => {
  const claim = "all repls would claim the same address";
  const httpRoute = (...spec: string[]) => addedKind("gateway.networking.k8s.io/v1", "HTTPRoute", "spec:", ...spec);
  test.each<Refusal>([
    [
      "NodePort",
      edited(23, "  type: NodePort"),
      "document 2, line 24: a Service of type NodePort is not allowed; leave spec.type out",
    ],
    [
      "LoadBalancer",
      edited(23, "  type: LoadBalancer"),
      "document 2, line 24: a Service of type LoadBalancer is not allowed; leave spec.type out",
    ],
    [
      "ExternalName",
      edited(23, "  type: ExternalName"),
      "document 2, line 24: a Service of type ExternalName is not allowed; leave spec.type out",
    ],
    [
      "externalName without its type",
      edited(23, "  externalName: example.com"),
      "document 2, line 24: spec.externalName is not allowed in a template",
    ],
    [
      "externalIPs",
      edited(23, "  externalIPs: [10.0.0.1]"),
      "document 2, line 24: spec.externalIPs is not allowed in a template",
    ],
    [
      "a fixed clusterIP",
      edited(23, "  clusterIP: 10.0.0.1"),
      "document 2, line 24: the address 10.0.0.1 can belong to one repl only",
    ],
    [
      "nodePort",
      edited(27, "      nodePort: 30000"),
      "document 2, line 28: nodePort is not allowed: all repls would share it",
    ],
    [
      "no selector",
      edited(23, "", 2),
      "document 2, line 23: spec.selector lacks service_name: it would select the pods of other repls",
    ],
    [
      "a selector without the placeholder",
      edited(24, "    app: web", 1),
      "document 2, line 24: spec.selector lacks service_name: it would select the pods of other repls",
    ],
    [
      "a Deployment's selector without it",
      edited(7, "      app: web", 1),
      "document 1, line 7: spec.selector.matchLabels lacks service_name: it would select the pods of other repls",
    ],
    [
      "a Deployment's selector by expressions alone",
      edited(6, "    matchExpressions: [{key: app, operator: NotIn, values: [service_name]}]", 2),
      "document 1, line 6: spec.selector.matchLabels lacks service_name: it would select the pods of other repls",
    ],
    [
      "a NetworkPolicy for every pod",
      addedKind("networking.k8s.io/v1", "NetworkPolicy", "spec:", "  podSelector: {}"),
      "document 4, line 51: spec.podSelector.matchLabels lacks service_name: it would select the pods of other repls",
    ],
    [
      "a snippet",
      edited(32, "  annotations:\n    nginx.ingress.kubernetes.io/configuration-snippet: |\n      return 200;"),
      "document 3, line 34: the annotation nginx.ingress.kubernetes.io/configuration-snippet is not allowed in a template",
    ],
    [
      "snippets of another controller",
      edited(32, "  annotations: {nginx.org/server-snippets: return 200;}"),
      "document 3, line 33: the annotation nginx.org/server-snippets is not allowed in a template",
    ],
    [
      "auth-url",
      edited(32, "  annotations:\n    nginx.ingress.kubernetes.io/auth-url: http://evil"),
      "document 3, line 34: the annotation nginx.ingress.kubernetes.io/auth-url is not allowed in a template",
    ],
    [
      "server-alias",
      edited(32, "  annotations:\n    nginx.ingress.kubernetes.io/server-alias: bank.com"),
      "document 3, line 34: the annotation nginx.ingress.kubernetes.io/server-alias is not allowed in a template",
    ],
    [
      "regular expressions",
      edited(32, "  annotations:\n    nginx.ingress.kubernetes.io/use-regex: 'true'"),
      "document 3, line 34: the annotation nginx.ingress.kubernetes.io/use-regex is not allowed in a template",
    ],
    [
      "regular expressions of another controller",
      edited(32, "  annotations: {nginx.org/path-regex: case_sensitive}"),
      "document 3, line 33: the annotation nginx.org/path-regex is not allowed in a template",
    ],
    [
      "the host *",
      edited(34, '    - host: "*"', 1),
      "document 3, line 35: the wildcard host * would claim every repl's address",
    ],
    [
      "a wildcard host",
      edited(34, '    - host: "*.service_name.example.com"', 1),
      "document 3, line 35: the wildcard host *.service_name.example.com would claim every repl's address",
    ],
    [
      "a host without the placeholder",
      edited(34, "    - host: example.com", 1),
      `document 3, line 35: neither the host nor every path holds service_name: ${claim}`,
    ],
    [
      "one shared path of two",
      edited(34, "    - http:\n        paths: [{path: /service_name}, {path: /}]", 10),
      `document 3, line 35: neither the host nor every path holds service_name: ${claim}`,
    ],
    [
      "a path that ends a directive",
      edited(37, "          - path: /a;}", 1),
      'document 3, line 35: the path "/a;}" holds characters that are not allowed',
    ],
    [
      "defaultBackend",
      edited(33, "  defaultBackend:\n    service: {name: service_name}"),
      "document 3, line 34: spec.defaultBackend would catch the requests of all repls",
    ],
    [
      "an HTTPRoute's shared host",
      httpRoute("  hostnames:", "    - service_name.example.com", "    - example.com"),
      `document 4, line 53: neither the host nor every path holds service_name: ${claim}`,
    ],
    [
      "an HTTPRoute's rule for every path",
      httpRoute(
        "  rules:",
        "    - matches: [{path: {value: /service_name}}]",
        "    - backendRefs: [{name: service_name}]",
      ),
      `document 4, line 50: neither the host nor every path holds service_name: ${claim}`,
    ],
    [
      "a host with the user in it",
      edited(34, "    - host: service_name.user_label.example.com", 1),
      "document 3, line 35: the host service_name.user_label.example.com holds user_label, which may have characters that no host may have",
    ],
    [
      "an address with a path",
      edited(32, "  annotations: {repl-orchestrator.dev/address: 'http://localhost/x'}"),
      "document 3, line 33: repl-orchestrator.dev/address: expected http://host[:port] or https://host[:port]",
    ],
    [
      "an address that is a list",
      edited(32, "  annotations: {repl-orchestrator.dev/address: [http://localhost]}"),
      "document 3, line 33: repl-orchestrator.dev/address: expected http://host[:port] or https://host[:port]",
    ],
    [
      "an address of a Service",
      edited(22, "  annotations: {repl-orchestrator.dev/address: 'http://localhost'}"),
      "document 2, line 23: repl-orchestrator.dev/address is set by the orchestrator and must not be set in a template",
    ],
    [
      "a name with the user in it",
      edited(31, "  name: service_name-user_label", 1),
      "document 3, line 32: metadata.name holds user_label, which may have characters that no name may have",
    ],
  ])("%s", (_, text, refusal) => {
    expect(refusalOf(text)).toBe(refusal);
  });
});

describe("a path that is matched in the controller's own way", () => {
  const line = (number: number, path: string, type: string) =>
    `line ${number}: the path "${path}" is of type ${type}, which may match the paths of other repls: on a host without service_name only Exact, Prefix and PathPrefix are allowed`;
  const ingress = (host: string, path: string, type: string) =>
    edited(34, `    - host: ${host}\n      http:\n        paths: [{path: ${path}, pathType: ${type}}]`, 10);
  const route = (host: string, path: string, type: string) =>
    addedKind(
      "gateway.networking.k8s.io/v1",
      "HTTPRoute",
      "spec:",
      `  hostnames: [${host}]`,
      "  rules:",
      `    - matches: [{path: {type: ${type}, value: "${path}"}}]`,
    );

  test.each<Refusal>([
    [
      "an HTTPRoute's regular expression",
      route("ide.a.org", "/service_name.*", "RegularExpression"),
      `document 4, ${line(51, "/service_name.*", "RegularExpression")}`,
    ],
    [
      "one that holds the placeholder beside every other path",
      route("ide.a.org", "/(service_name|.*)", "RegularExpression"),
      `document 4, ${line(51, "/(service_name|.*)", "RegularExpression")}`,
    ],
    [
      "one without a host",
      route("ide.a.org", "/service_name.*", "RegularExpression").replace("  hostnames: [ide.a.org]\n", ""),
      `document 4, ${line(50, "/service_name.*", "RegularExpression")}`,
    ],
    [
      "an Ingress' type that each controller reads in its own way",
      ingress("ide.a.org", "/service_name", "ImplementationSpecific"),
      `document 3, ${line(35, "/service_name", "ImplementationSpecific")}`,
    ],
  ])("%s is refused on a host of all repls", (_, text, refusal) => {
    expect(refusalOf(text)).toBe(refusal);
  });

  test.each<readonly [string, string]>([
    ["an HTTPRoute's regular expression", route("service_name.a.org", "/api/.*", "RegularExpression")],
    ["an Ingress' ImplementationSpecific", ingress("service_name.a.org", "/", "ImplementationSpecific")],
  ])("%s is accepted on a repl's own host", (_, text) => {
    expect(refusalOf(text)).toBe("accepted");
  });

  test.each<readonly [string, string]>([
    ["Exact of an Ingress", ingress("ide.a.org", "/service_name", "Exact")],
    ["Prefix of an Ingress", ingress("ide.a.org", "/service_name", "Prefix")],
    ["Exact of an HTTPRoute", route("ide.a.org", "/service_name", "Exact")],
    ["PathPrefix of an HTTPRoute", route("ide.a.org", "/service_name", "PathPrefix")],
  ])("%s is accepted on a host of all repls", (_, text) => {
    expect(refusalOf(text)).toBe("accepted");
  });
});

describe("a text of two users' repls: u with a-b, u-a with b", () => {
  const sentence = (text: string) =>
    `the path "${text}" can be that of another user's repl: between service_name and user_label has to stand one of . _ /`;
  const shared = (text: string) =>
    `has service_name and user_label in one text (${text}), not in two labels: it would select the pods of other repls`;
  const long = (place: string, text: string, length: number) =>
    `${place}: "${text}" can have ${length} characters: the value of a label has at most 63`;
  const selector = (text: string) => edited(24, `    app: ${text}`, 1);
  const policy = (...labels: string[]) =>
    addedKind("networking.k8s.io/v1", "NetworkPolicy", "spec:", "  podSelector:", "    matchLabels:", ...labels);
  const path = (text: string, type = "Prefix") =>
    edited(34, `    - host: ide.a.org\n      http:\n        paths: [{path: ${text}, pathType: ${type}}]`, 10);

  test.each<Refusal>([
    [
      "a Service's selector",
      selector("user_label-service_name"),
      `document 2, line 24: spec.selector ${shared("user_label-service_name")}\n${long("document 2, line 25", "user_label-service_name", 114)}`,
    ],
    [
      "the other way round, with nothing between",
      selector("service_nameuser_label"),
      `document 2, line 24: spec.selector ${shared("service_nameuser_label")}\n${long("document 2, line 25", "service_nameuser_label", 113)}`,
    ],
    [
      "a Deployment's selector",
      edited(7, "      app: service_name-of-user_label", 1),
      `document 1, line 7: spec.selector.matchLabels ${shared("service_name-of-user_label")}\n${long("document 1, line 8", "service_name-of-user_label", 117)}`,
    ],
    [
      "a NetworkPolicy's key",
      policy("      user_label-service_name: x"),
      `document 4, line 52: spec.podSelector.matchLabels ${shared("user_label-service_name")}`,
    ],
    ["a path", path("/user_label-service_name"), `document 3, line 35: ${sentence("/user_label-service_name")}`],
    [
      "a path in which the hyphen is written otherwise",
      path("/ws/user_label%2Dservice_name", "Exact"),
      `document 3, line 35: ${sentence("/ws/user_label%2Dservice_name")}`,
    ],
    [
      "a path below another user's",
      edited(
        34,
        "    - host: ide.a.org\n      http:\n        paths: [{path: /service_name/x}, {path: /service_name-user_label/x}]",
        10,
      ),
      [
        `document 3, line 35: ${sentence("/service_name-user_label/x")}`,
        "document 3, line 35: ide.a.org/service_name-user_label/x of one repl can be the address of another's ide.a.org/service_name/x; let each have a beginning or an end that the others lack",
      ].join("\n"),
    ],
  ])("%s is refused", (_, text, refusal) => {
    expect(refusalOf(text)).toBe(refusal);
  });

  test.each<readonly [string, string]>([
    ["a dot between them", path("/user_label.service_name")],
    ["an underscore", path("/x-user_label-_-service_name")],
    ["a slash", path("/user_label/service_name")],
    ["the replId in another part as well", path("/user_label-service_name/service_name")],
  ])("%s: no other repl's", (_, text) => {
    expect(refusalOf(text)).toBe("accepted");
  });

  test("a selector may hold both in labels of their own", () => {
    const labels = "        repl: service_name\n        owner: user_label";
    const text = edited(24, "    repl: service_name\n    owner: user_label", 1).replace(
      "    metadata:\n      labels:\n        app: service_name",
      `    metadata:\n      labels:\n        app: service_name\n${labels}`,
    );
    expect(refusalOf(text)).toBe("accepted");
  });

  test("two paths with the same such part are not taken for one repl's", () => {
    const paths = ["/user_label-service_name/service_name", "/user_label-service_name/service_name-x"];
    expect(
      refusalOf(
        edited(34, `    - host: ide.a.org\n      http:\n        paths: [{path: ${paths[0]}}, {path: ${paths[1]}}]`, 10),
      ),
    ).toContain("can be the address of another's");
  });
});

describe("what two repls would both get", () => {
  const rest = "let each have a beginning or an end that the others lack";
  const hosts = (...names: string[]) =>
    addedKind(
      "gateway.networking.k8s.io/v1",
      "HTTPRoute",
      "spec:",
      "  hostnames:",
      ...names.map((name) => `    - ${name}`),
      "  rules: [{}]",
    );
  const paths = (...texts: string[]) =>
    addedKind(
      "gateway.networking.k8s.io/v1",
      "HTTPRoute",
      "spec:",
      "  hostnames: [ide.example.com]",
      "  rules:",
      ...texts.map((text) => `    - matches: [{path: ${text}}]`),
    );
  const line = (number: number, message: string) => `document 4, line ${number}: ${message}; ${rest}`;
  const clash = (number: number, one: string, other: string) =>
    line(number, `${one} of one repl can be the address of another's ${other}`);

  test.each<Refusal>([
    [
      "a host that is another's with an end",
      hosts("service_name-api.example.com"),
      clash(52, "service_name-api.example.com", "service_name.example.com"),
    ],
    [
      "a host that is another's with a beginning",
      hosts("api-service_name.example.com"),
      clash(52, "api-service_name.example.com", "service_name.example.com"),
    ],
    [
      "a beginning here and an end there, in another writing",
      hosts("api-service_name.a.org", "service_name-WEB.a.org"),
      clash(53, "service_name-web.a.org", "api-service_name.a.org"),
    ],
    [
      "a shared host that a repl can have for its own",
      addedKind(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        "spec:",
        "  hostnames: [ide.example.com]",
        "  rules: [{matches: [{path: {value: /service_name}}]}]",
      ),
      clash(51, "ide.example.com/service_name", "service_name.example.com"),
    ],
    [
      "the same, where an annotation names the shared host",
      edited(32, "  annotations: {repl-orchestrator.dev/address: 'http://ide.example.com'}")
        .replace(
          "          - path: /\n            pathType: Prefix",
          "          - path: /service_name\n            pathType: Prefix",
        )
        .replace(
          "    - host: service_name.example.com\n      http:",
          "    - host: service_name.example.com\n    - http:",
        ),
      `document 3, line 37: ide.example.com/service_name of one repl can be the address of another's service_name.example.com; ${rest}`,
    ],
    [
      "a path below another's",
      edited(
        34,
        "    - host: ide.a.org\n      http:\n        paths: [{path: /service_name}, {path: /apps/service_name}]",
        10,
      ),
      `document 3, line 35: ide.a.org/apps/service_name of one repl can be the address of another's ide.a.org/service_name; ${rest}`,
    ],
    [
      "a path that is another's with an end",
      edited(
        34,
        "    - host: ide.a.org\n      http:\n        paths: [{path: /service_name}, {path: /service_name-x/y}]",
        10,
      ),
      `document 3, line 35: ide.a.org/service_name-x/y of one repl can be the address of another's ide.a.org/service_name; ${rest}`,
    ],
    [
      "a path of a repl that can be one of a user",
      edited(
        34,
        "    - host: ide.a.org\n      http:\n        paths: [{path: /service_name}, {path: /user_label/service_name}]",
        10,
      ),
      `document 3, line 35: ide.a.org/user_label/service_name of one repl can be the address of another's ide.a.org/service_name; ${rest}`,
    ],
    [
      "two names of a kind",
      added(
        "apiVersion: v1",
        "kind: Service",
        "metadata:",
        "  name: service_name-web",
        "spec:",
        "  selector: {app: service_name}",
      ),
      `document 4, line 49: the Service service_name-web of one repl can have the name of another's service_name; ${rest}`,
    ],
  ])("%s is refused", (_, text, refusal) => {
    expect(refusalOf(text)).toBe(refusal);
  });

  test.each<readonly [string, string]>([
    ["the same host in two routes", hosts("service_name.example.com")],
    ["domains of their own", hosts("service_name.a.org", "service_name.b.org")],
    ["a label of the host more", hosts("api.service_name.example.com")],
    ["ends of their own", hosts("service_name-web.a.org", "service_name-api.a.org")],
    ["a shared host in another domain", paths("{value: /service_name}").replace("ide.example.com", "ide.a.org")],
    [
      "a host with the placeholder twice",
      hosts("service_name.service_name-x.a.org", "service_name.service_name.a.org"),
    ],
    [
      "paths below one's own",
      paths("{value: /user_label/service_name}", "{value: /user_label/service_name/ws}").replace(
        "ide.example.com",
        "ide.a.org",
      ),
    ],
    [
      "a path that is claimed without what lies below",
      paths("{value: /service_name, type: Exact}", "{value: /apps/service_name}").replace(
        "ide.example.com",
        "ide.a.org",
      ),
    ],
    ["one name for several kinds", addedKind("v1", "ConfigMap").replace("service_name-more", "service_name-web")],
  ])("%s: nobody else's", (_, text) => {
    expect(refusalOf(text)).toBe("accepted");
  });
});
