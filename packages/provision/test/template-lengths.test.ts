import { describe, expect, test } from "vitest";
import { fixture } from "./support/fixtures.ts";
import { added, addedKind, inPod, type Refusal, refusalOf } from "./support/refusal.ts";
import { edited, SMALL_TEMPLATE } from "./support/small-template.ts";

/** An end that makes a name as long with the longest replId. */
const upTo = (length: number) => `service_name-${"x".repeat(length - 51)}`;

/** The small template with its Service, and what leads there, by that name. */
const service = (name: string) =>
  SMALL_TEMPLATE.replace("Service\nmetadata:\n  name: service_name", `Service\nmetadata:\n  name: ${name}`).replace(
    "service:\n                name: service_name",
    `service:\n                name: ${name}`,
  );
const configMap = (name: string) => added("apiVersion: v1", "kind: ConfigMap", `metadata: {name: ${name}}`);
const job = (name: string) => fixture("job.yaml").replace("name: service_name", `name: ${name}`);
const set = (name: string) =>
  SMALL_TEMPLATE.replace(
    "kind: Deployment\nmetadata:\n  name: service_name",
    `kind: StatefulSet\nmetadata:\n  name: ${name}`,
  );
const deployment = (name: string) => edited(3, `  name: ${name}`, 1);
const label = (value: string) => edited(3, `  labels: {who: ${value}}`);
const host = (name: string) => edited(34, `    - host: ${name}`, 1);

const at = (line: number, text: string, length: number, what: string, most: number, document = 1) =>
  `document ${document}, line ${line}: "${text}" can have ${length} characters: ${what} has at most ${most}`;

describe("what is too long for the longest replId", () => {
  test.each<Refusal>([
    ["a Service's name", service(upTo(64)), at(22, upTo(64), 64, "the name of a Service", 63, 2)],
    ["a Job's name", job(upTo(64)), at(4, upTo(64), 64, "the name of a Job", 63)],
    [
      "a StatefulSet's name, to which its pods' labels add eleven",
      set(upTo(53)),
      at(4, upTo(53), 53, "the name of a StatefulSet", 52),
    ],
    ["any other name", configMap(upTo(254)), at(48, upTo(254), 254, "the name of a ConfigMap", 253, 4)],
    ["a label", label(upTo(64)), at(4, upTo(64), 64, "the value of a label", 63)],
    ["a label with the user in it", label("u_user_label"), at(4, "u_user_label", 65, "the value of a label", 63)],
    [
      "a pod's label, and the selectors that name it",
      SMALL_TEMPLATE.replaceAll("app: service_name", "app: user_label.service_name"),
      [
        at(8, "user_label.service_name", 114, "the value of a label", 63),
        at(12, "user_label.service_name", 114, "the value of a label", 63),
        at(25, "user_label.service_name", 114, "the value of a label", 63, 2),
      ].join("\n"),
    ],
    [
      "a label that a pod is to be away from",
      inPod(`affinity: {podAntiAffinity: {x: [{labelSelector: {matchLabels: {app: ${upTo(64)}}}}]}}`),
      at(15, upTo(64), 64, "the value of a label", 63),
    ],
    ["a label of a host", host(`${upTo(64)}.example.com`), at(35, upTo(64), 64, "a label of a host", 63, 3)],
    [
      "a host",
      host(`service_name${".example".repeat(26)}`),
      at(35, `service_name${".example".repeat(26)}`, 258, "a host", 253, 3),
    ],
    [
      "a certificate's host",
      edited(33, `  tls: [{hosts: [${upTo(64)}.a.org]}]`),
      at(34, upTo(64), 64, "a label of a host", 63, 3),
    ],
    [
      "an HTTPRoute's host",
      addedKind("gateway.networking.k8s.io/v1", "HTTPRoute", "spec:", `  hostnames: [${upTo(64)}.a.org]`),
      at(51, upTo(64), 64, "a label of a host", 63, 4),
    ],
  ])("%s", (_, text, refusal) => {
    expect(refusalOf(text)).toBe(refusal);
  });

  test.each<readonly [string, string]>([
    ["a Service's name", service(upTo(63))],
    ["a Job's name", job(upTo(63))],
    ["a StatefulSet's name", set(upTo(52))],
    ["a Deployment's name", deployment(upTo(253))],
    ["a ConfigMap's name", configMap(upTo(253))],
    ["a label", label(upTo(63))],
    ["a user's label", label("user_label")],
    ["a host's label", host(`${upTo(63)}.example.com`)],
  ])("%s that just fits is accepted", (_, text) => {
    expect(refusalOf(text)).toBe("accepted");
  });
});
